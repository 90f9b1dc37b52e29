# The RPM package, by rpm(8) in a root of Debian's, which has no RPMs that it could depend on. Sourced by Tests/Packages/run.

rpm_story() {
    local story="$story: the RPM" path=$stock_remotes/market/http/import settings
    local -a upgrade=(in_root "$root" rpm -U --nodeps)
    settings=$root/$stock_remotes/etc/market/market-drivers.conf
    succeeds "Debian's OpenNebula goes" in_root "$root" dpkg --purge opennebula opennebula-common
    rm -rf "$root"/{var,usr}/lib/one
    succeeds 'OpenNebula is installed' "${upgrade[@]}" /tests/1.0/opennebula.rpm
    succeeds 'it is installed' "${upgrade[@]}" /tests/market-drivers.rpm
    has 'what it says' 'owner: oneadmin:oneadmin' "$said"
    same 'what rpm verifies' '' "$(in_root "$root" rpm -V --nodeps market-drivers)"
    has 'the launcher' "exec '/usr/lib/one/market-drivers/market-drivers'" "$(<"$root/$path")"
    succeeds 'the drivers are at work' at_work
    echo 'SSH_CONNECT_TIMEOUT="20"' >>"$settings"

    succeeds 'OpenNebula is upgraded' "${upgrade[@]}" /tests/2.0/opennebula.rpm
    has 'the launcher' "exec '/usr/lib/one/market-drivers/market-drivers'" "$(<"$root/$path")"
    has 'a launcher whose stock script is gone' "market/s3/delete" "$(<"$root/$stock_remotes/market/s3/delete")"
    is_stock "$stock_remotes/datastore/fs/cp.stock" 2.0 cp
    has 'the settings' 'SSH_CONNECT_TIMEOUT="20"' "$(<"$settings")"
    succeeds 'the drivers are at work' at_work
    succeeds 'it is installed once more' "${upgrade[@]}" --replacepkgs /tests/market-drivers.rpm
    has 'what it says' 'already installed' "$said"

    succeeds 'it is removed' in_root "$root" rpm -e market-drivers
    same 'what rpm verifies of OpenNebula' '' "$(in_root "$root" rpm -V --nodeps opennebula)"
    is_stock "$path" 2.0
    same 'a stock script that 2.0 has not' no "$([[ -e $root/$stock_remotes/market/s3/delete ]] && echo yes || echo no)"
    has 'the settings' 'SSH_CONNECT_TIMEOUT="20"' "$(<"$settings")"
    same 'what is left of it' '' "$(cd "$root/usr/lib" && find one/market-drivers market-drivers 2>/dev/null)"
}
