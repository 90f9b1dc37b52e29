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
    names=$(./install.sh --help | sed -nE 's/^  (-[a-z]|--[a-z-]+)( .*|$)/\1/p' | sort)
    has "install.sh's options" --stock-datastores "$names"
    same "install.sh's options in operations.md" "$names" "$(sed -n '/^### Options of install.sh/,/^## /p' \
        docs/operations.md | sed -nE 's/^\| `(-[a-z]|--[a-z-]+).*/\1/p' | sort)"
    mkdir "$work"/{deb,rpm}-tree
    dpkg-deb -x "$work/market-drivers.deb" "$work/deb-tree"
    rpm2archive -n - <"$work/market-drivers.rpm" | tar -C "$work/rpm-tree" -x ./usr/share/doc
    for page in "$work"/{deb-tree,rpm-tree}/usr/share/doc/market-drivers "$work/unpacked"; do
        has "the pages in ${page#"$work/"}" docs/operations.md "$(cd "$page" && echo docs/*.md)"
        same "links that lead nowhere in ${page#"$work/"}" '' "$(dead_links "$page")"
    done
    same 'what lintian says of the package' '' "$(lintian --allow-root --fail-on none "$work/market-drivers.deb" 2>&1)"
    same 'the packages that install.sh names' '' "$(packages_not_named)"
    stock_datastores_story
}

# The links of README.md, CONTRIBUTING.md and docs/*.md in the directory $1 whose file or heading is not there.
dead_links() {
    local page link file
    (cd "$1" && grep -oE '\]\([^)]*\)' README.md CONTRIBUTING.md docs/*.md) | sed -E 's/:\]\((.*)\)$/ \1/' |
        grep -vE ' (https?|mailto):' | while read -r page link; do
        file=$1/$page
        [[ $link == '#'* ]] || file=${file%/*}/${link%%#*}
        if [[ ! -e $file && ! -L $file ]]; then
            echo "$page: $link"
        elif [[ $link == *'#'* ]] && ! headings "$file" | grep -qxF -- "${link#*#}"; then
            echo "$page: $link: there is no such heading"
        fi
    done
}

# The anchors of the page $1, as GitHub makes them of headings.
headings() {
    sed -n 's/^##* //p' "$1" | tr '[:upper:] ' '[:lower:]-' | sed 's/[^[:alnum:]_-]//g'
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
