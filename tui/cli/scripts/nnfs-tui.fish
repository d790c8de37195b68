# Completion of nnfs-tui for fish. `nnfs-tui completion fish` prints it.
function __nnfs_tui_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    # the program lists the words that may follow, each with its description
    for line in ($typed[1] completion words -- $typed[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c nnfs-tui -f -k -a '(__nnfs_tui_words)'
