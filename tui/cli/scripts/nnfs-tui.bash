# Completion of nnfs-tui for bash. `nnfs-tui completion bash` prints it.
_nnfs_tui() {
    local word help files
    COMPREPLY=()
    # the program lists the words that may follow, each with its description
    while IFS=$'\t' read -r word help; do
        case $word in
            :files | :folders)
                [[ $word = :files ]] && files=-f || files=-d
                compopt -o filenames 2>/dev/null
                while IFS= read -r word; do
                    COMPREPLY+=("$word")
                done < <(compgen "$files" -- "$2")
                ;;
            *) COMPREPLY+=("$word") ;;
        esac
    done < <("$1" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _nnfs_tui nnfs-tui
