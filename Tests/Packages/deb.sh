# The Debian package. Sourced by Tests/Packages/run.
readonly stock_remotes=var/lib/one/remotes

# make_variants DIRECTORY: later versions of the package there: next.deb, of which a launcher is gone and another is new, and
# three that cannot be installed over it, though their preinst has diverted one more file.
make_variants() {
    variant "$1" next 9.1 true
    variant "$1" conflict 9.2 conflict
    variant "$1" preinst 9.3 break_preinst
    variant "$1" postinst 9.4 break_postinst
}

# variant DIRECTORY NAME VERSION CHANGE
variant() {
    local tree=$1/tree script
    dpkg-deb -R "$1/market-drivers.deb" "$tree"
    sed -i "s/^Version: .*/Version: $3/" "$tree/DEBIAN/control"
    rm -- "$tree/$stock_remotes/market/s3/export"
    cp -- "$tree/$stock_remotes/market/http/export" "$tree/$stock_remotes/datastore/fs/rm"
    for script in preinst postinst postrm; do
        sed -i "s|^/$stock_remotes/market/s3/export\$|/$stock_remotes/datastore/fs/rm|" "$tree/DEBIAN/$script"
    done
    "$4" "$tree"
    dpkg-deb --root-owner-group -Znone --build "$tree" "$1/$2.deb" >/dev/null
    rm -rf -- "$tree"
}

# A file of another package, which dpkg meets after the executables and the driver manager.
conflict() {
    one_more "$1"
    cp -- "$1/$stock_remotes/market/http/export" "$1/$stock_remotes/datastore/ceph/rm"
}

break_preinst() {
    one_more "$1"
    echo 'exit 3' >>"$1/DEBIAN/preinst"
}

break_postinst() {
    sed -i '2a exit 3' "$1/DEBIAN/postinst"
}

# A launcher in place of one more stock script.
one_more() {
    mkdir -p "$1/$stock_remotes/tm/ssh"
    cp -- "$1/$stock_remotes/market/http/export" "$1/$stock_remotes/tm/ssh/clone"
    sed -i "s|^/$stock_remotes/datastore/fs/rm\$|&\n/$stock_remotes/tm/ssh/clone|" "$1"/DEBIAN/p*
}

# The stock script FILE of version VERSION is at PATH.
is_stock() {
    same "$1" "$(sed -n 2,3p "$root/$1" 2>&1)" "$(printf '# %s\necho "stock %s"' "$2" "${3:-${1##*/}}")"
}

deb_stories() {
    local base=$story
    stock_of_1=$(listing "$root")
    installing
    upgrading_opennebula
    upgrading
    aborted_upgrades
    removing
    interrupted
    unpacked_first
    local story="$base: the end"
    same 'that nothing was restarted' no "$([[ -e $root/restarted ]] && echo yes || echo no)"
}

apt_install() {
    in_root "$root" apt-get install -y --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confold "$@"
}

diversions() {
    dpkg-divert --admindir "$root/var/lib/dpkg" --list '*/one/*'
}

installing() {
    local story="$base: installing" path
    succeeds 'apt installs it' apt_install /tests/market-drivers.deb
    has 'what it says' 'nothing was restarted. To use this version, restart OpenNebula' "$said"
    for path in market/http/import datastore/fs/cp datastore/downloader.sh; do
        has "$path" "exec '/usr/lib/one/market-drivers/market-drivers'" "$(<"$root/$stock_remotes/$path")"
    done
    same 'what the stock scripts are now' "$(grep -E '/(http/import|fs/cp|downloader.sh|one_market) ' <<<"$stock_of_1")" \
        "$(listing "$root" | grep -E '^[^ ]*/(http/import|fs/cp|downloader.sh|one_market)\.stock ' | sed 's/\.stock / /')"
    same 'what is not ours' "$(grep '/tm/ssh/clone ' <<<"$stock_of_1")" "$(listing "$root" | grep '/tm/ssh/clone ')"
    same 'what dpkg verifies' '' "$(in_root "$root" dpkg --verify market-drivers)"
    succeeds 'the drivers are at work' at_work
    fails 'install.sh beside it' 'the drivers are installed as a package' in_root "$root" /tests/archive/install.sh
    fails 'install.sh -r beside it' 'the drivers are installed as a package' in_root "$root" /tests/archive/install.sh -r
    installed=$(listing "$root")
    succeeds 'it is installed once more' in_root "$root" dpkg -i /tests/market-drivers.deb
    same 'what is there then' "$installed" "$(listing "$root")"
    succeeds 'preinst runs once more' in_root "$root" /var/lib/dpkg/info/market-drivers.preinst upgrade 0.1
    same 'what is there then' "$installed" "$(listing "$root")"
}

upgrading_opennebula() {
    local story="$base: an upgrade of OpenNebula" ours
    ours=$(sha256sum "$root/$stock_remotes"/market/*/* "$root/usr/lib/one/mads/one_market" | grep -v '\.stock$')
    succeeds 'dpkg upgrades it' in_root "$root" dpkg -i /tests/2.0/opennebula-common.deb /tests/2.0/opennebula.deb
    same 'our files' "$ours" \
        "$(sha256sum "$root/$stock_remotes"/market/*/* "$root/usr/lib/one/mads/one_market" | grep -v '\.stock$')"
    is_stock "$stock_remotes/market/http/import.stock" 2.0 import
    is_stock "$stock_remotes/datastore/fs/cp.stock" 2.0 cp
    is_stock usr/lib/one/mads/one_market.stock 2.0 one_market
    is_stock usr/lib/one/mads/one_market.rb 2.0
    is_stock "$stock_remotes/market/http/export.stock" 2.0 export
    same 'what it has no more' no "$([[ -e $root/$stock_remotes/market/s3/delete.stock ]] && echo yes || echo no)"
    succeeds 'the drivers are at work' at_work
}

upgrading() {
    local story="$base: an upgrade" settings=$root/$stock_remotes/etc/market/market-drivers.conf
    echo 'SSH_CONNECT_TIMEOUT="20"' >>"$settings"
    succeeds 'apt upgrades it' apt_install /tests/next.deb
    has 'the settings' 'SSH_CONNECT_TIMEOUT="20"' "$(<"$settings")"
    same 'the diversion of what is gone' '' "$(diversions | grep s3/export || true)"
    has 'the diversion of what is new' "/$stock_remotes/datastore/fs/rm.stock by market-drivers" "$(diversions)"
    is_stock "$stock_remotes/datastore/fs/rm.stock" 2.0 rm
    succeeds 'the drivers are at work' at_work
}

aborted_upgrades() {
    local story="$base: an aborted upgrade" before variant format
    # shellcheck disable=SC2016 # dpkg-query's
    format='${Status} ${Version}'
    before=$(listing "$root")
    for variant in conflict preinst; do
        fails "$variant.deb" 'market-drivers' in_root "$root" dpkg -i "/tests/$variant.deb"
        same "what is there after $variant.deb" "$before" "$(listing "$root")"
        same "the state after $variant.deb" 'install ok installed 9.1' \
            "$(in_root "$root" dpkg-query -W -f "$format" market-drivers)"
    done
    fails 'postinst.deb' 'market-drivers' in_root "$root" dpkg -i /tests/postinst.deb
    succeeds 'the drivers are at work' at_work
    succeeds 'the version before comes back' apt_install /tests/next.deb
    same 'what is there then' "$before" "$(listing "$root")"
}

removing() {
    local story="$base: removing" stock_of_2
    stock_of_2=$(expected_stock)
    succeeds 'dpkg removes it' in_root "$root" dpkg --remove market-drivers
    has 'what it says' "OpenNebula's own drivers are restored" "$said"
    same 'what is there then' "$stock_of_2" "$(listing "$root" | grep -v "$stock_remotes/etc/market")"
    has 'the settings' 'SSH_CONNECT_TIMEOUT="20"' "$(<"$root/$stock_remotes/etc/market/market-drivers.conf")"
    succeeds 'postrm runs once more' in_root "$root" /var/lib/dpkg/info/market-drivers.postrm remove
    succeeds 'it is installed again' apt_install /tests/market-drivers.deb
    has 'the settings' 'SSH_CONNECT_TIMEOUT="20"' "$(<"$root/$stock_remotes/etc/market/market-drivers.conf")"
    in_root "$root" setpriv --reuid oneadmin --regid oneadmin --init-groups bash /tests/at-work >/dev/null 2>&1
    same 'the journal' yes "$([[ -d $root/var/lib/one/market-drivers ]] && echo yes || echo no)"
    succeeds 'dpkg purges it' in_root "$root" dpkg --purge market-drivers
    same 'what is there then' "$stock_of_2" "$(listing "$root")"
}

# What OpenNebula 2.0 alone is: our files away, and the stock ones at their names.
expected_stock() {
    local path
    in_root "$root" dpkg-query -L opennebula opennebula-common | grep '^/.*/one' | sort -u | while read -r path; do
        if [[ -e $root$path.stock ]]; then path=$path.stock; fi
        path=${path#/}
        if [[ -d $root/$path ]]; then
            (cd "$root" && find "$path" -maxdepth 0 -printf '%p %y %m %u:%g\n')
        else
            (cd "$root" && find "$path" -printf '%p %m %u:%g ' -exec sha256sum {} \;) | sed 's/  [^ ]*$//; s/\.stock / /'
        fi
    done | sort
}

# As after a preinst and a postrm that were killed within dpkg-divert.
interrupted() {
    local story="$base: interrupted" before path=/$stock_remotes/market/http/import
    before=$(listing "$root")
    in_root "$root" dpkg-divert --quiet --package market-drivers --no-rename --divert "$path.stock" --add "$path"
    succeeds 'it is installed' in_root "$root" dpkg -i /tests/market-drivers.deb
    is_stock "${path#/}.stock" 2.0 import
    rm -- "$root$path"
    in_root "$root" dpkg-divert --quiet --package market-drivers --no-rename --divert "$path.stock" --remove "$path"
    succeeds 'it is purged' in_root "$root" dpkg --purge market-drivers
    same 'what is there then' "$before" "$(listing "$root")"

    succeeds 'it is installed' in_root "$root" dpkg -i /tests/market-drivers.deb
    printf 'another' >"$root$path.new"
    mv -- "$root$path.new" "$root$path"
    in_root "$root" sh -c 'sed -i "\|market/http/import\$|d" /var/lib/dpkg/info/market-drivers.list'
    succeeds 'a launcher is now of somebody else, and it is purged' in_root "$root" dpkg --purge market-drivers
    has 'what it says' "left as it is, because it does not belong to this package: $path" "$said"
    same 'the file' another "$(<"$root$path")"
    mv -- "$root$path.stock" "$root$path"
    same 'what is there then' "$before" "$(listing "$root")"
}

unpacked_first() {
    local story="$base: unpacked before OpenNebula" path=$stock_remotes/market/http/import
    succeeds 'OpenNebula is purged' in_root "$root" dpkg --purge opennebula opennebula-common
    rm -rf "$root"/{var,usr}/lib/one
    succeeds 'it is unpacked' in_root "$root" dpkg --unpack /tests/market-drivers.deb
    succeeds 'OpenNebula is installed' in_root "$root" dpkg -i /tests/1.0/opennebula-common.deb /tests/1.0/opennebula.deb
    succeeds 'it is configured' in_root "$root" dpkg --configure market-drivers
    is_stock "$path.stock" 1.0 import
    succeeds 'the drivers are at work' at_work
    succeeds 'it is purged' in_root "$root" dpkg --purge market-drivers
    same 'what is there then' "$stock_of_1" "$(listing "$root")"
}
