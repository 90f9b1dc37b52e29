/// The scripts that run on a bridge host. They are constant, for any POSIX sh with the GNU core utilities; those of
/// BusyBox 1.35 do as well. No value is ever part of a script: script and values come on standard input, a line each,
/// escaped for `printf %b`.
///
/// Each replies with lines that begin with ``marker``: anything that a login shell prints before does not matter, nor
/// whether that ends with a line break.
enum RemoteScript {
    static let marker = "market-drivers:"

    /// The command that ssh runs: it reads the script. Without a line break, an exclamation mark or a backslash it
    /// means the same to any login shell, csh and fish among them.
    static let bootstrap = "exec /bin/sh -c 'IFS= read -r script; eval \"$(printf %b \"$script\")\"'"

    /// Common to all: `arg` reads the next value into $v, `say` replies, `fail` replies with a reason and ends.
    static let greeting = """
        LC_ALL=C; export LC_ALL; umask 077
        say() { printf "%s\\n" "\(marker) $1"; }
        fail() { say "failed $1"; exit 1; }
        arg() { IFS= read -r line || exit 1; v=$(printf "%bx" "$line"); v=${v%x}; }
        printf "\\n"; say ready

        """

    private static let entering = """
        cd -- "$dir" 2>/dev/null || {
          reason=$(stat -L -- "$dir" 2>&1 >/dev/null) || fail "${reason##*: }"
          [ -d "$dir" ] || fail "Not a directory"
          fail "Permission denied"
        }

        """

    /// Common to those that work in a directory, their first value.
    private static let prologue = greeting + "arg; dir=$v\n" + entering

    private static let tellingSpace = "say \"space $(stat -f -c \"%S %b %f %a\" .)\"\n"

    /// Values: directory. Replies `space BLOCKSIZE TOTAL FREE AVAILABLE`, the counts in blocks.
    static let space = prologue + tellingSpace

    /// The programs that ``store`` and ``remove`` cannot do without.
    static let requiredPrograms = ["chmod", "dd", "find", "ln", "mv", "rm", "stat", "sync", "truncate"]
    /// Those that ``store`` uses if they are there.
    static let optionalPrograms = ["fallocate"]

    /// Values: directory. Replies `user NAME`, `missing` with those of the programs above that the host has not, and
    /// `space` as above, if the user may write to the directory.
    static let examine =
        greeting + """
            missing=
            for name in \((requiredPrograms + optionalPrograms).joined(separator: " ")); do
              command -v "$name" > /dev/null 2>&1 || missing="$missing $name"
            done
            say "user $(id -un 2>/dev/null)"
            say "missing$missing"
            arg; dir=$v

            """ + entering + "[ -w . ] || fail \"the user may not write there\"\n" + tellingSpace

    /// Values: directory, which is made if only its last part is missing. Replies `made` or `found`, and `space` as above.
    /// What was made is removed when the connection ends, if no image has come by then. Fails if no file can be made in
    /// it: an image may have to be built before the first one is.
    static let make =
        greeting + """
            arg; dir=$v; state=found
            undo() {
              for pause in 0 1 2 4; do
                sleep $pause
                rmdir -- "$dir" 2>/dev/null && break
                [ -d "$dir" ] && [ -z "$(ls "$dir")" ] || break
              done
            }
            if [ ! -e "$dir" ]; then
              if reason=$(mkdir -m 750 -- "$dir" 2>&1); then
                state=made
                trap "exit 1" HUP INT TERM PIPE
                trap undo EXIT
              else
                [ -d "$dir" ] || fail "${reason##*: }"
              fi
            fi

            """ + entering + "[ -w . ] || fail \"it cannot be written to\"\nsay $state\n" + tellingSpace
        + "[ $state = found ] || arg\n"

    /// Values: directory, name. Replies `removed` or `gone`.
    static let remove =
        prologue + """
            arg; name=$v
            [ -L "./$name" ] && fail "it is a symbolic link"
            [ -e "./$name" ] || { say gone; exit 0; }
            [ -f "./$name" ] || fail "it is not a regular file"
            reason=$(rm -f -- "./$name" 2>&1) || fail "${reason##*: }"
            say removed
            """

    /// Values: directory, temporary name. Replies `space` as above, and `zeros` with `kept` if its `dd` writes zeros that
    /// come as data, else with `left`. Then lines `data OFFSET COUNT`, each followed by so many bytes, and at the end
    /// `end LENGTH`, up to which the file is kept, with `full` behind if its holes get room, as far as the host and its
    /// file system can do that; replies `stored`. Then `mode MODE`, with the reply `unset REASON` only if the file system
    /// refuses it, and names to try, one value each: replies `taken` or `published`. A stream that breaks off leaves
    /// nothing.
    ///
    /// A file that somebody removes meanwhile must not be made anew by the next `dd`, which would leave its beginning out:
    /// hence `nocreat`, and `truncate -c`, after which `sync` finds nothing.
    ///
    /// `nocache`, if `dd` knows it, makes the disk begin with each block, so that little is left to wait for at the end:
    /// 0.01 s in place of 0.4 for 1 GiB. Blocks of 256 KiB stay in a processor's cache between reading and writing: of
    /// 1 MiB, they take a fifth more of its time.
    static let store =
        prologue + """
            arg; tmp=$v
            probe=.market-drivers-probe-${tmp#.market-drivers-}
            trap "exit 1" HUP INT TERM PIPE
            trap "rm -f -- \\"./\\$tmp\\" \\"./\\$probe\\"" EXIT
            find . -maxdepth 1 -type f "(" -name ".market-drivers-*.bridge" -o -name ".market-drivers-*.part" ")" \\
              -mmin +1440 -exec rm -f -- {} + 2>/dev/null
            reason=$( { : > "./$probe"; } 2>&1) || fail "${reason##*: }"
            reason=$(mv -T -- "./$probe" "./$tmp" 2>&1) || fail "${reason##*: }"

            """ + tellingSpace + """
            knows() { dd of="./$tmp" count=0 "$1" < /dev/null > /dev/null 2>&1; }
            flags=seek_bytes; zeros=kept; conversions=notrunc
            knows oflag=$flags,nocache && flags=$flags,nocache
            knows conv=$conversions,nocreat && conversions=$conversions,nocreat
            knows conv=$conversions,sparse && { zeros=left; conversions=$conversions,sparse; }
            say "zeros $zeros"
            total=
            while IFS=" " read -r kind first second; do
              case $kind in
                data)
                  [ -f "./$tmp" ] || fail "its temporary file has been removed"
                  reason=$(dd of="./$tmp" bs=256k iflag=fullblock,count_bytes oflag=$flags \\
                    count="$second" seek="$first" conv=$conversions status=none 2>&1) || fail "${reason##*: }" ;;
                end) total=$first; filled=$second; break ;;
                *) exit 1 ;;
              esac
            done
            [ -n "$total" ] || exit 1
            reason=$(truncate -c -s "$total" "./$tmp" 2>&1) || fail "${reason##*: }"
            if [ -n "$filled" ]; then
              reason=$(fallocate -l "$total" "./$tmp" 2>&1) || case $reason in
                *"No space left"* | *"quota exceeded"* | *"too large"*) fail "${reason##*: }" ;;
              esac
            fi
            reason=$(sync "./$tmp" 2>&1) || fail "${reason##*: }"
            say stored
            IFS=" " read -r kind mode || exit 1
            reason=$(chmod "$mode" "./$tmp" 2>&1) || say "unset ${reason##*: }"
            while arg; do
              name=$v
              if ln -T -- "./$tmp" "./$name" 2>/dev/null; then rm -f -- "./$tmp"; break; fi
              if [ -e "./$name" ] || [ -L "./$name" ]; then say taken; continue; fi
              reason=$(mv -n -T -- "./$tmp" "./$name" 2>&1) || fail "${reason##*: }"
              [ -e "./$tmp" ] || break
              say taken
            done
            sync . 2>/dev/null
            say published
            """

    /// Values: directory, path, `md5` or nothing. Replies `image SIZE HEAD MD5`: HEAD the first bytes in hexadecimal,
    /// MD5 a dash if it was not asked for. The path must lie in the directory once links are resolved.
    static let inspect =
        prologue + """
            arg; path=$v
            arg; digest=$v
            base=$(pwd -P; printf x); base=${base%?x}
            [ -e "$path" ] || fail "No such file or directory"
            real=$(readlink -f -- "$path"; printf x); real=${real%?x}
            case $real in "${base%/}"/*) ;; *) fail "it lies outside of $base" ;; esac
            [ -f "$real" ] || fail "it is not a regular file"
            reason=$( { : < "$real"; } 2>&1) || fail "${reason##*: }"
            head=$(od -An -v -tx1 -N 512 < "$real" | tr -d " \\n")
            sum=-
            if [ "$digest" = md5 ]; then sum=$(md5sum < "$real" 2>&1) || fail "${sum##*: }"; fi
            say "image $(stat -c %s -- "$real") ${head:--} ${sum%% *}"
            """

    /// Values: directory (`/`), path of a file or a block device, further paths, an empty one. Replies `path PATH` for
    /// each, in hexadecimal, all links resolved: a dash if that cannot be done. One more value lets it go on: it replies
    /// `size SIZE`; so many bytes follow, and then `same` if nothing has been written to the file meanwhile, else
    /// `changed`. Of a device this cannot be known. What is opened is the resolved path, and nothing that a link may have
    /// been put into since.
    static let read =
        prologue + """
            tell() { hex=$(printf %s "$1" | od -An -v -tx1 | tr -d " \\n"); say "path ${hex:--}"; }
            resolve() { real=$(readlink -f -- "$1" && printf x) && real=${real%?x} || real=; }
            arg; [ -e "$v" ] || fail "No such file or directory"
            resolve "$v"; path=$real; tell "$path"
            while arg && [ -n "$v" ]; do resolve "$v"; tell "$real"; done
            arg
            [ -f "$path" ] || [ -b "$path" ] || fail "it is not a regular file or a block device"
            reason=$( { : < "$path"; } 2>&1) || fail "${reason##*: }"
            exec < "$path" || exit 1
            resolve /dev/stdin
            [ "$real" = "$path" ] || fail "it was replaced while it was opened"
            status() { stat -L -c "$1" /dev/stdin; }
            sectors() { cat "/sys/dev/block/$((0x$(status %t))):$((0x$(status %T)))/size"; }
            look() {
              if [ -f /dev/stdin ]; then status "%s %.Y %i"; return; fi
              PATH=$PATH:/usr/sbin:/sbin blockdev --getsize64 /dev/stdin 2>/dev/null || echo $(($(sectors) * 512))
            }
            before=$(look); size=${before%% *}
            case $size in "" | *[!0-9]*) fail "its size is said to be \"$size\"" ;; esac
            say "size $size"
            dd bs=1M count="$size" iflag=fullblock,count_bytes status=none || exit 1
            if [ ! -f /dev/stdin ] || [ "$(look)" = "$before" ]; then say same; else say changed; fi
            """

    /// Returns the script in the form that the bootstrap reads: one line.
    static func line(_ script: String) -> [UInt8] {
        var line: [UInt8] = []
        for byte in script.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): line += Array("\\\\".utf8)
            case 0x0A: line += Array("\\n".utf8)
            default: line.append(byte)
            }
        }
        return line + [0x0A]
    }

    /// Returns `value` in the form that the scripts' `arg` reads: a line of octal escapes.
    static func argument(_ value: String) -> [UInt8] {
        var line: [UInt8] = []
        for byte in value.utf8 { line += Array("\\0".utf8) + octal(byte) }
        return line + [0x0A]
    }

    private static func octal(_ byte: UInt8) -> [UInt8] {
        [byte >> 6, byte >> 3 & 7, byte & 7].map { UInt8(ascii: "0") + $0 }
    }
}
