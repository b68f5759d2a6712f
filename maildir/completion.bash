# shellcheck shell=bash
# bash completion for maildir(1): verbs, options, folders, numbers, addresses,
# files, terms.
#
# Names of folders and addresses are strangers' texts, which compgen -W would
# expand as the shell does: they are only compared here, and quoted.

# Offer the lines of standard input that begin as what is typed, quoted alike.
# $1: what stands before them in the word, as "seen," or "from:".
_maildir_offer() {
	local before=${1-} word typed quote=
	case $cur in
	[\"\']*) quote=${cur:0:1} typed=${cur:1} ;;
	*) typed=${cur//\\/} ;;
	esac
	while IFS= read -r word; do
		word=$before$word
		[[ $word == "$typed"* ]] || continue
		case $quote in
		\") word=${word//\\/\\\\} word=${word//\"/\\\"}
			word=${word//\$/\\\$} word=${word//\`/\\\`} ;;
		\') [[ $word != *\'* ]] || continue ;;
		*) printf -v word %q "$word"
			word=${word//\\,/,} ;;
		esac
		# bash takes what stands behind a colon for a word of its own.
		[[ $word == "$colon"* ]] && COMPREPLY+=("${word:${#colon}}")
	done
}

# The verbs in the words of "maildir help".
_maildir_verbs() {
	maildir help 2>/dev/null |
		awk '$1 == "maildir" && NF > 1 { print $2 } END { print "help" }'
}

_maildir_options() {
	printf '%s\n' --folder --help --json --maildir --quiet
	maildir help "$verb" 2>/dev/null | grep -o -- '--[a-z]*'
}

# With "." or "/" between the parts, as they are typed.
_maildir_folders() {
	if [[ $cur == */* ]]; then
		maildir folders -q "${where[@]}" 2>/dev/null | tr . /
	else
		maildir folders -q "${where[@]}" 2>/dev/null
	fi
}

# Of the folder on the line; with one digit at least, there may be many.
_maildir_numbers() {
	printf '%s\n' . '$' all
	[[ ${cur##*,} != [0-9]* ]] ||
		maildir list -q "${where[@]}" "${folder[@]}" 2>/dev/null
}

_maildir_people() {
	# The word may be part of a name: nothing of it need be typed.
	local found=${cur#[\"\']}
	[ -n "$found" ] || return
	cur=
	_maildir_offer < <(maildir contacts -q -n 50 "${where[@]}" -- "$found" \
		2>/dev/null)
}

_maildir_terms() {
	local flag
	printf '%s\n' and or not '(' ')' from: to: subject: body: list: since: \
		before: 'size:>' 'size:<' flag: kw: has:attachment is:new is:unread
	for flag in seen answered flagged draft deleted forwarded; do
		printf '%s\n' "is:$flag" "is:un$flag"
	done
}

# What stands before the cursor: the arguments in "args", -m and -f for those
# who are asked in "where" and "folder".
_maildir_line() {
	local i word
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--*) [ "${COMP_WORDS[i + 1]}" != = ] || i=$((i + 1)) ;;
		esac
		case $word in
		-[mfdnstCFAx] | --maildir | --folder | --directory | \
			--number | --subject | --to | --cc | --from | \
			--attach | --exec) i=$((i + 1)) ;;
		:) i=$((i + 1)) ;; # of a range
		-*) ;;
		*) args=$((args + 1)) ;;
		esac
		[ "$i" -lt "$COMP_CWORD" ] || return
		case $word in
		-m | --maildir)
			word=${COMP_WORDS[i]//[\\\"\']/}
			where=(-m "${word/#~\//$HOME/}") ;;
		-f | --folder) folder=(-f "${COMP_WORDS[i]//[\\\"\']/}") ;;
		esac
	done
}

# The argument of the option before the cursor.  1: there is none.
_maildir_value() {
	case $prev in
	-f | --folder) _maildir_offer < <(_maildir_folders) ;;
	-[CF] | --cc | --to)
		[ "$verb" = import ] || _maildir_people ;;
	--from)
		if [ "$verb" = import ]; then
			_maildir_offer < <(printf '%s\n' courier qmail dovecot mbox)
		else
			_maildir_people
		fi ;;
	-m | --maildir | -d | --directory) compopt -o dirnames ;;
	-A | --attach) compopt -o default ;;
	-[nsx] | --number | --subject | --exec) ;;
	*) return 1 ;;
	esac
}

_maildir_argument() {
	local before=${cur%"${cur##*,}"}
	case $verb:$args in
	help:0) _maildir_offer < <(_maildir_verbs) ;;
	move:0 | copy:0 | rename:[01] | status:* | remove:* | subscribe:* | \
		unsubscribe:* | folders:[1-9]*)
		_maildir_offer < <(_maildir_folders) ;;
	folders:0) _maildir_offer < <(printf '%s\n' status create rename \
		remove subscribe unsubscribe) ;;
	password:0) _maildir_offer < <(printf '%s\n' list add remove) ;;
	mark:0 | unmark:0) _maildir_offer "$before" < <(printf '%s\n' seen \
		answered flagged draft deleted forwarded) ;;
	search:*)
		_maildir_offer < <(_maildir_terms)
		[[ ${COMPREPLY[*]} != *[:\<\>] ]] || compopt -o nospace ;;
	write:* | forward:0 | bounce:0) _maildir_people ;;
	import:* | send:*) compopt -o default ;;
	list:* | show:* | headers:* | raw:* | save:* | threads:* | export:* | \
		reply:* | forward:* | bounce:* | mark:* | unmark:* | move:* | \
		copy:* | delete:* | dedupe:*)
		if [[ $cur == */* ]]; then
			compopt -o default
		else
			_maildir_offer "$before" < <(_maildir_numbers)
		fi ;;
	esac
}

_maildir() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]} colon='' args=0 where=() folder=()
	local line=${COMP_LINE:0:COMP_POINT}
	COMPREPLY=()
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	line=${line##*[[:blank:]]}
	if [[ $line == *:* && $line != [\"\']* && $COMP_WORDBREAKS == *:* ]]; then
		cur=$line
		colon=${line%"${line##*:}"}
	fi
	_maildir_line
	if [[ $COMP_CWORD -eq 1 && $cur != -* ]]; then
		_maildir_offer < <(_maildir_verbs)
	elif _maildir_value; then
		:
	elif [[ $cur == -* ]]; then
		_maildir_offer < <(_maildir_options | sort -u)
	else
		_maildir_argument
	fi
}

complete -F _maildir maildir
