# Sourced by scripts/test and scripts/demo: what is being done, and how long it took.

stage_names=()
stage_times=()
stage_results=()

duration() { printf '%dm %02ds' $(($1 / 60)) $(($1 % 60)); }

# stage NAME COMMAND…: runs the command with its output as it comes, and keeps its time.
stage() {
	local name=$1 began=$SECONDS status=0
	shift
	printf '\n==> %s\n' "$name"
	"$@" || status=$?
	stage_names+=("$name")
	stage_times+=($((SECONDS - began)))
	stage_results+=("$status")
	if [ $status = 0 ]; then
		printf '==> %s: done in %s\n' "$name" "$(duration $((SECONDS - began)))"
	else
		printf '==> %s: FAILED after %s\n' "$name" "$(duration $((SECONDS - began)))"
	fi
	return $status
}

stage_summary() {
	[ ${#stage_names[@]} -gt 0 ] || return 0
	local index total=0 word
	printf '\n'
	for index in "${!stage_names[@]}"; do
		word=ok
		[ "${stage_results[$index]}" = 0 ] || word=FAILED
		printf '  %-28s %-7s %s\n' "${stage_names[$index]}" "$word" "$(duration "${stage_times[$index]}")"
		total=$((total + stage_times[index]))
	done
	printf '  %-28s %-7s %s\n' 'all' '' "$(duration $total)"
}
