# What oned and one_market say to each other, and checks of it. Sourced by Tests/Rigs/demo and Tests/Packages/at-work, which
# set $base_url and $image.
readonly market_id=100 app_id=7
mad_pid=
checks=0 failures=0

end_process() {
    [[ -n $1 ]] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# expect WHAT WANTED FOUND
expect() {
    ((checks += 1))
    if [[ $2 == "$3" ]]; then
        printf 'ok    %s: %s\n' "$1" "$3"
    else
        ((failures += 1))
        printf 'WRONG %s: %s, expected %s\n' "$1" "$3" "$2"
    fi
}

md5() {
    local line
    line=$(md5sum <"$1")
    printf '%s' "${line%% *}"
}

# ---- Messages, as oned writes them ----

marketplace() { # PUBLIC_DIR
    cat <<END
<MARKETPLACE><ID>$market_id</ID><NAME>demo market</NAME><MARKET_MAD><![CDATA[http]]></MARKET_MAD><TEMPLATE>
<BASE_URL><![CDATA[$base_url]]></BASE_URL><MARKET_MAD><![CDATA[http]]></MARKET_MAD>
<PUBLIC_DIR><![CDATA[$1]]></PUBLIC_DIR></TEMPLATE></MARKETPLACE>
END
}

app() { # SOURCE MD5 SIZE FORMAT
    cat <<END
<MARKETPLACEAPP><ID>$app_id</ID><NAME>demo app</NAME><SOURCE><![CDATA[$1]]></SOURCE><MD5><![CDATA[$2]]></MD5>
<SIZE>$3</SIZE><FORMAT><![CDATA[$4]]></FORMAT><MARKETPLACE_ID>$market_id</MARKETPLACE_ID><TYPE>1</TYPE>
<TEMPLATE><TYPE><![CDATA[IMAGE]]></TYPE></TEMPLATE></MARKETPLACEAPP>
END
}

datastore() { # BASE_PATH FORMAT
    cat <<END
<DATASTORE><ID>1</ID><NAME>default</NAME><DS_MAD><![CDATA[fs]]></DS_MAD><BASE_PATH><![CDATA[$1]]></BASE_PATH>
<TEMPLATE><DS_MAD><![CDATA[fs]]></DS_MAD><DRIVER><![CDATA[$2]]></DRIVER></TEMPLATE></DATASTORE>
END
}

image_element() { # FORMAT
    cat <<END
<IMAGE><ID>0</ID><NAME>demo image</NAME><TYPE>0</TYPE><SOURCE><![CDATA[$image]]></SOURCE>
<FORMAT><![CDATA[$1]]></FORMAT><SIZE>64</SIZE><DATASTORE_ID>1</DATASTORE_ID></IMAGE>
END
}

message() {
    printf '<MARKET_DRIVER_ACTION_DATA>%s</MARKET_DRIVER_ACTION_DATA>' "$*"
}

# ---- The conversation ----

# start_one_market COMMAND …: oned starts its drivers with all arguments in one, $mad_arguments, and without a standard
# error.
start_one_market() {
    coproc MAD {
        exec "$@" "${mad_arguments:--t 15 -m http}" 2>&-
    }
    # shellcheck disable=SC2153 # coproc sets it
    mad_pid=$MAD_PID
    exec {from_mad}<&"${MAD[0]}" {to_mad}>&"${MAD[1]}"
}

indented() {
    sed 's/^/       /; s/<!\[CDATA\[//g; s/\]\]>//g'
}

# ask ACTION [ID MESSAGE]: writes oned's line, shows it and what comes back, and sets $status and $answer.
ask() {
    local line payload
    if (($# == 1)); then
        printf '\n-> %s\n' "$1"
        printf '%s\n' "$1" >&"$to_mad"
    else
        printf '\n-> %s  %s BASE64, which is\n%s\n' "$1" "$2" "$(indented <<<"$3")"
        printf '%s  %s %s\n' "$1" "$2" "$(printf '%s' "$3" | base64 -w0)" >&"$to_mad"
    fi
    while IFS= read -r -t 120 line <&"$from_mad"; do
        if [[ $line != "$1 "* ]]; then
            printf '<- %s\n' "$line"
            continue
        fi
        read -r _ status _ payload <<<"$line"
        answer=$payload
        if [[ $1 == INIT || $status != SUCCESS || $payload == - ]]; then
            printf '<- %s\n' "$line"
        else
            answer=$(base64 -d <<<"$payload")
            printf '<- %s BASE64, which is\n%s\n' "${line% *}" "$(indented <<<"$answer")"
        fi
        return
    done
    echo "one_market gave no answer to $1" >&2
    return 1
}

end_one_market() {
    local ended
    echo '-> FINALIZE'
    echo FINALIZE >&"$to_mad"
    wait "$mad_pid" && ended=0 || ended=$?
    mad_pid=
    expect 'exit status of one_market' 0 "$ended"
}

# The value of NAME="value" in the last answer.
value() {
    sed -n "s/^$1=\"\(.*\)\"\$/\1/p" <<<"$answer"
}
