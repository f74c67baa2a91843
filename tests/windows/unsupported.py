"""What of the suite cannot pass on Windows, or only not under Wine, and why: the only list.

A test that is about POSIX alone says so itself. Here is what differs for a reason outside the
project.
"""

from __future__ import annotations

# The beginning of the identifier of a test -> the reason.
_OPEN = "Windows removes no file and no directory that is open"
_NAME = "Windows cannot hold this name"
_SYNC = "directories cannot be synced on Windows"
_SIGNAL = "a signal of POSIX"
_RESERVED = "two system calls on POSIX, one rename on Windows"
_SPELLING = "on Windows, that is our directory in another spelling, and refused as a swap"
_BENCHMARK = "benchmarks are built and measured by calls of POSIX"
_SHELL = "a shell of POSIX"
WINDOWS = {
    "tests/ledger/test_engines.py::test_a_stopped_process_keeps_its_claim": _SIGNAL,
    "tests/fixing/test_fix.py::test_ctrl_c_keeps_and_commits_complete_texts": _SIGNAL,
    "tests/fixing/test_fix_in_git.py::test_the_bytes_and_the_executable_bit_are_those": (
        "Windows has no executable bit"
    ),
    "tests/fixing/test_fix_registries.py::test_a_path_that_no_commit_would_set_is_left": _NAME,
    "tests/ledger/test_ledger.py::test_a_removed_ledger_is_created_again": _OPEN,
    "tests/security/test_intent.py::test_an_intent_in_a_tracked_state_directory_is_refused"
    "[-.JIT-GUARD": _SPELLING,
    "tests/security/test_intent.py::test_an_intent_in_a_tracked_state_directory_is_refused"
    "[team/a-.JIT-GUARD": _SPELLING,
    "tests/sources/test_at_rest.py::test_the_time_of_the_lock_advances_on_every_file_system": (
        "Windows sets no time of an open file"
    ),
    "tests/sources/test_git_tree.py::test_reading_the_index_writes_nothing": _NAME,
    "tests/sources/test_git_truth.py::test_a_clean_check_does_not_import_subprocess[True": (
        "a process is started by subprocess on Windows"
    ),
    "tests/sources/test_stored_forms.py::test_attributes_are_copied_only_into": (
        "Windows has another error for a long path"
    ),
    "tests/sources/test_output.py::test_a_mount_point_is_written_in_place": (
        "a file is no mount point on Windows"
    ),
    "tests/sources/test_output.py::test_a_reader_with_the_old_file_open_sees_all_of_it": _OPEN,
    "tests/sources/test_worktree.py::test_a_name_may_contain_any_byte": _NAME,
    "tests/test_benchmarks.py::test_commands_run_in_turn_and_a_failure_is_reported": _BENCHMARK,
    "tests/test_benchmarks.py::test_each_case_disagrees_as_it_says": _BENCHMARK,
    "tests/test_fuzz.py::test_a_hang_is_noticed": "Windows has no alarms",
    "tests/test_hostile.py::test_names_of_maps_and_roots_are_never_printed_raw": _NAME,
    "tests/text/test_shell.py::test_a_word_reaches_the_program_byte_by_byte": _SHELL,
    "tests/commands/test_mv.py::test_a_name_cannot_forge_a_line": _NAME,
    "tests/commands/test_mv.py::test_a_name_that_another_system_cannot_hold_is_named": _NAME,
    "tests/commands/test_mv.py::test_what_is_refused[components/personas/host.txt-components/"
    "personas/a\\\\b-contains a backslash]": "a backslash separates directories on Windows",
    "tests/commands/test_prune.py::test_a_file_that_changes_after_the_list_was_shown_is_kept"
    "[replaced]": _OPEN,
    "tests/commands/test_init_hook.py::test_nothing_is_written_above_the_root": _NAME,
    "tests/commands/test_recover.py::test_an_action_cannot_forge_a_line": _NAME,
    "tests/commit/test_after_decision.py::test_without_its_intent_nothing_is_undone": _SYNC,
    "tests/commit/test_location.py::test_a_path_that_only_resembles_an_unsafe_one[1:x]": _NAME,
    "tests/commit/test_location.py::test_a_path_that_only_resembles_an_unsafe_one[ab:c]": _NAME,
    "tests/commit/test_location.py::test_a_path_that_only_resembles_an_unsafe_one[a/C:]": _NAME,
    "tests/commit/test_location.py::test_an_unsafe_path_is_refused_with_the_reason[\\ud800": _NAME,
    "tests/commit/test_second_failures.py::test_a_look_is_given_up_if_the_lock_is_removed": _OPEN,
    "tests/commit/test_second_failures.py::test_an_intent_of_somebody_else_stays_when_ours_is"
    "_undone[a directory]": "Windows has another error for a directory in place of a file",
    "tests/commit/test_transaction.py::test_a_lock_that_is_removed_while_it_is_taken": _OPEN,
    "tests/commit/test_transaction.py::test_a_waiting_process_asks_again_soon": (
        "the clock of Windows has larger steps"
    ),
    "tests/commit/test_transaction.py::test_a_new_lock_file_is_not_mistaken": _OPEN,
    "tests/commit/test_transaction.py::test_a_state_directory_that_is_removed_after_the": _OPEN,
    "tests/commit/test_transaction.py::test_only_its_own_intent_is_removed": _OPEN,
    "tests/commit/test_transaction.py::test_the_empty_file_of_a_killed_process": _RESERVED,
    "tests/crash/test_git_clean.py::test_a_temporary_file_is_removed_after_its_name": _RESERVED,
    "tests/crash/test_git_clean.py::test_a_commit_that_must_be_undone_beside_the_next": _OPEN,
    "tests/fixing/test_dialogue.py::test_ctrl_c_in_the_editor_ends_the_run": _SIGNAL,
    "tests/fixing/test_dialogue.py::test_what_an_editor_saved_before_it_crashed_is_kept"
    "[os.kill": _SIGNAL,
    "tests/fixing/test_dialogue.py::test_without_an_edit_the_text_stays[removed]": _OPEN,
}
_CASE = "Wine does not change the case of a name"
_FILTER = "git has no shell for its filters"
WINE = {
    "tests/fixing/test_fix_registries.py::test_a_page_in_another_case_is_relinked": _CASE,
    "tests/fixing/test_fix_registries.py::test_a_directory_in_another_case_is_relinked": _CASE,
    "tests/sources/test_git_truth.py::test_a_file_that_is_tracked_in_another_case": _CASE,
    "tests/sources/test_stored_forms.py::test_the_attributes_of_the_checked_tree_count": _FILTER,
}

# Calls without which a test has no meaning.
MISSING = {
    **dict.fromkeys(("mkfifo", "chown", "killpg"), "a call of POSIX"),
    "symlink": "Wine makes no symbolic links, and reports no error",
}
