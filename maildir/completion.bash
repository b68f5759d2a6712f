# shellcheck shell=bash
# bash completion for maildir(1): verbs, options, folders, files, terms.

# The words of "maildir help": each verb with its options.
_maildir_verbs() {
	maildir help 2>&1 | awk '$1 == "maildir" && NF > 1 { print $2 }'
}

_maildir_folders() {
	maildir folders -q 2>/dev/null
}

_maildir_words() {
	case $1 in
	mark | unmark) echo seen flagged answered draft deleted forwarded ;;
	search) echo from: to: subject: body: list: since: before: 'size:>' \
		'size:<' is:unread is:flagged is:answered flag: kw: \
		has:attachment and or not ;;
	folders) echo status create rename remove subscribe unsubscribe ;;
	password) echo list add remove ;;
	list | show | headers | raw | save | threads | export | reply | \
		delete | dedupe) echo . all ;;
	esac
}

_maildir() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]} IFS=$' \t\n'
	COMPREPLY=()
	# A colon divides words for bash: "from:" "x".
	if [ "$COMP_CWORD" -eq 1 ] || [ "$verb $COMP_CWORD" = 'help 2' ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_maildir_verbs) help" -- "$cur")
		return
	fi
	case $prev in
	-f | --folder)
		mapfile -t COMPREPLY < <(IFS=$'\n'; compgen -W "$(_maildir_folders)" -- "$cur")
		return ;;
	-m | --maildir | -d | --directory)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return ;;
	-A | --attach)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--from)
		[ "$verb" != import ] ||
			mapfile -t COMPREPLY < <(compgen -W 'courier qmail dovecot mbox' -- "$cur")
		return ;;
	esac
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "--folder --maildir --json --quiet
			$(maildir help "$verb" 2>&1 | grep -o -- '--[a-z]*')" -- "$cur")
		return ;;
	esac
	case $verb in
	move | copy | status | remove | rename | subscribe | unsubscribe)
		mapfile -t COMPREPLY < <(IFS=$'\n'; compgen -W "$(_maildir_folders)" -- "$cur") ;;
	import | send) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	write | forward | bounce)
		[ -z "$cur" ] ||
			mapfile -t COMPREPLY < <(compgen -W "$(maildir contacts -q -n 50 "$cur" 2>/dev/null)" -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_maildir_words "$verb")" -- "$cur") ;;
	esac
}

complete -o default -F _maildir maildir
