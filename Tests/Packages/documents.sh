# The man pages, and what Debian's policy says of the package. Sourced by Tests/Packages/run.

document_stories() {
    local story='the documents' page names
    for page in docs/man/*.[1-9]; do
        same "warnings of ${page##*/}" '' "$(LC_ALL=C.UTF-8 MANROFFOPT= man --warnings=w -l "$page" 2>&1 >/dev/null)"
    done
    names=$(cd docs/man && for page in *; do echo "/usr/share/man/man${page##*.}/$page.gz"; done | sort)
    same "the package's pages" "$names" "$(dpkg-deb --fsys-tarfile "$work/market-drivers.deb" | tar -t |
        sed -n 's|^\.\(/usr/share/man/.*\.gz\)$|\1|p' | sort)"
    same "the RPM's pages" "$names" "$(rpm -qpl "$work/market-drivers.rpm" | grep '^/usr/share/man/' | sort)"
    names=$(sed -nE 's/^#([A-Z0-9_]+)=.*/\1/p' remotes/etc/market/market-drivers.conf | sort)
    has 'the settings' SSH_CONFIG "$names"
    same 'the settings of the man page' "$names" "$(settings_of_page)"
    same 'the settings of operations.md' "$names" "$(sed -n '/^| setting/,/^$/p' docs/operations.md | cut -d'|' -f2 |
        grep -oE '[A-Z][A-Z0-9_]+' | sort)"
    same 'the defaults of the man page' "$(sed -nE 's/^#([A-Z0-9_]+)="(.+)"$/\1 \2/p' remotes/etc/market/market-drivers.conf |
        sort)" "$(defaults_of_page)"
    names=$("$work/unpacked/bin/one_market" --help | grep -oE '^ +-[a-z], --[a-z-]+' | sed 's/^ *//' | sort)
    has 'the options' --timeout "$names"
    same 'the options of the man page' "$names" "$(sed -n '/^\.SH OPTIONS/,/^\.SH ENV/p' docs/man/one_market.8 |
        sed -n 's/\\-/-/g; s/^\.BR \(-.\) ", " \(--[a-z-]*\).*/\1, \2/p' | sort)"
    same 'the options of operations.md' "$(grep -v help <<<"$names")" "$(tr -d '`' <docs/operations.md |
        sed -nE 's/^\| (-.), (--[a-z-]+) .*/\1, \2/p' | sort)"
    same 'what lintian says of the package' '' "$(lintian --allow-root --fail-on none "$work/market-drivers.deb" 2>&1)"
    same 'the packages that install.sh names' '' "$(packages_not_named)"
    stock_datastores_story
}

# With --stock-datastores the package has nothing to do with the scripts of datastores.
stock_datastores_story() {
    local story='--stock-datastores' package=$work/unpacked/stock.deb
    succeeds 'the package is made' ./install.sh --deb "$package" --stock-datastores
    same 'what it has of datastores' '' "$(
        dpkg-deb -c "$package" | grep remotes/datastore
        dpkg-deb --ctrl-tarfile "$package" | tar -xO | grep -a remotes/datastore
    )"
    has 'what it has of marketplaces' remotes/market/http/import "$(dpkg-deb --ctrl-tarfile "$package" | tar -xO ./preinst)"
}

settings_of_page() {
    sed -n '/^\.SH SETTINGS/,/^\.SH EX/p' docs/man/market-drivers.conf.5 | sed -n 's/^\.B //p' | sort
}

# NAME DEFAULT of those whose default is a value.
defaults_of_page() {
    sed -n 's/^\.B \([A-Z0-9_]*\)$/name \1/p; s/^Default: \([^ ]*\)\.$/default \1/p' docs/man/market-drivers.conf.5 |
        awk '$1 == "name" { name = $2 } $1 == "default" { print name, $2 }' | sort
}

# The packages of which install.sh says that they are missing, and that the package does not depend on or recommend.
packages_not_named() {
    local named
    named=$(dpkg-deb -f "$work/market-drivers.deb" Depends Recommends)
    sed -n "/^readonly programs_needed='/,/'$/p" packaging/needs.sh | tr -d "'" | while read -r program package _; do
        [[ $program == readonly || $package == gzip || $named == *"$package"* ]] || echo "$package"
    done
}
