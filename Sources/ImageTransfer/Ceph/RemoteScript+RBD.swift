/// What runs beside rbd(8), on a bridge host or here. All of them get, as their first values, the client's user,
/// keyfile and configuration, each of which may be empty, seconds after which a cluster that does not answer counts as
/// gone, and the pool. A reason is the last lines that rbd has said, divided by tabs.
extension RemoteScript {
    /// `room` prints `room JSON`: what `ceph df detail` says, which is nothing if it cannot be run.
    private static let rbd =
        greeting + """
            arg; user=$v; arg; key=$v; arg; conf=$v; arg; timeout=$v; arg; pool=$v
            command -v rbd > /dev/null || fail "the program rbd is missing"
            on_cluster() {
              program=$1; shift
              command "$program" ${user:+"--id=$user"} ${key:+"--keyfile=$key"} ${conf:+"--conf=$conf"} \\
                "--client_mount_timeout=$timeout" "--rados_osd_op_timeout=$timeout" "$@"
            }
            rbd() { on_cluster rbd "$@" < /dev/null; }
            die() { fail "$(printf "%s\\n" "$reason" | tail -n 8 | tr "\\n" "\\t")"; }
            room() { say "room $(on_cluster ceph df detail --format=json < /dev/null 2> /dev/null | tr -d "\\n")"; }

            """

    /// Values: namespace, which may be empty, image, snapshot, which may be empty. Prints `image JSON` as `rbd info`
    /// says it. If the next value is `read`, there follow the image as `rbd export-diff` writes it, and `image JSON`
    /// again.
    static let rbdRead =
        rbd + """
            arg; space=$v; arg; image=$v; arg; snap=$v
            of_image() {
              rbd "$@" "--pool=$pool" ${space:+"--namespace=$space"} "--image=$image" ${snap:+"--snap=$snap"}
            }
            look() {
              text=$(of_image info --format=json 2> /dev/null) || { reason=$(of_image info 2>&1 > /dev/null); die; }
              say "image $(printf %s "$text" | tr -d "\\n")"
            }
            look
            arg; [ "$v" = read ] || exit 1
            of_image export-diff --no-progress --whole-object --path=- || exit 1
            look
            """

    /// Values: the pool for data, which may be empty, the image's format, which may be empty, its temporary name, the
    /// name that it is to get. Prints `room JSON`, as above, and if `create` follows, `created`. Then comes the image as
    /// `rbd import-diff` reads it, and `published` is printed. What breaks off leaves nothing.
    ///
    /// Images that a writer has left behind are removed an hour after they were begun, if nobody watches them, as their
    /// writer does. What is removed is emptied first: a pool that is full does not let it be emptied, and of an image
    /// that is removed all the same Ceph would forget the name and keep the data.
    ///
    /// `rbd rename` succeeds without having done anything if another client takes the name in the same moment (librbd
    /// drops EEXIST there): whose data the name leads to is looked at afterwards.
    static let rbdStore =
        rbd + """
            arg; data=$v; arg; format=$v; arg; part=$v; arg; name=$v
            remove() {
              for pause in 0 1 2 4 8 16; do
                sleep $pause
                reason=$(rbd resize --no-progress --allow-shrink --size=0 "--pool=$pool" "--image=$1" 2>&1)
                case $reason in *"(2) No such file"*|*"(110) "*|*"(122) "*|*"(28) "*) break ;; esac
                reason=$(rbd rm --no-progress "--pool=$pool" "--image=$1" 2>&1) && break
              done
            }
            data_of() {
              rbd info --format=json "--pool=$pool" "--image=$1" 2> /dev/null |
                grep -o "\\"block_name_prefix\\":\\"[^\\"]*\\""
            }
            made=
            trap "exit 1" HUP INT TERM PIPE
            trap "[ -z \\"\\$made\\" ] || remove \\"\\$part\\"" EXIT
            names=$(rbd ls "--pool=$pool" 2> /dev/null) || { reason=$(rbd ls "--pool=$pool" 2>&1 > /dev/null); die; }
            printf "%s\\n" "$names" | grep -qxF -e "$name" && fail "(17) File exists"
            old=$(($(date +%s) - 3600))
            printf "%s\\n" "$names" | grep -x "market-drivers-[1-9][0-9]\\{9\\}-[0-9a-f]*\\.part" | while read -r left; do
              begun=${left#market-drivers-}; begun=${begun%%-*}
              [ "$begun" -gt "$old" ] && continue
              rbd status "--pool=$pool" "--image=$left" 2> /dev/null | grep -q "Watchers: none" && remove "$left"
            done
            room
            arg; [ "$v" = create ] || exit 1
            made=yes
            reason=$(rbd create "--pool=$pool" "--image=$part" --size=1 ${format:+"--image-format=$format"} \\
              ${data:+"--data-pool=$data"} 2>&1) || die
            say created
            reason=$(on_cluster rbd import-diff --no-progress "--pool=$pool" "--image=$part" --path=- 2>&1 > /dev/null) || die
            own=$(data_of "$part")
            reason=$(rbd rename "--pool=$pool" "--image=$part" "--dest-pool=$pool" "--dest=$name" 2>&1) || die
            found=$(data_of "$name") || { reason=$(rbd info "--pool=$pool" "--image=$name" 2>&1 > /dev/null); die; }
            [ "$found" = "$own" ] || fail "(17) File exists"
            made=
            say published
            """

    /// Values: image. Prints `removed` or `gone`.
    static let rbdRemove =
        rbd + """
            arg; image=$v
            reason=$(rbd rm --no-progress "--pool=$pool" "--image=$image" 2>&1) && { say removed; exit 0; }
            case $reason in *"error opening pool"*) die ;; *"(2) No such file"*) say gone; exit 0 ;; esac
            die
            """
}
