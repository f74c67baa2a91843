"""Which tests watch which package: those that fail first come first."""

from __future__ import annotations

from pathlib import Path

_FORMATS = (  # without those that start a browser
    "formats/test_html_parts formats/test_excerpts formats/test_concise formats/test_github "
    "formats/test_gitlab formats/test_html "
    "formats/test_json formats/test_markdown formats/test_registry_formats formats/test_sarif "
    "formats/test_text"
)

# If no test of these fails, a mutant survives. The tests of a command that runs for seconds, of
# docs and of releases are not here: what they alone notice is noticed too late.
TESTS: dict[str, str] = {
    "baseline": "test_baseline commands/test_accepted rules/test_series test_check test_registries",
    "check": "test_check test_baseline test_plugins test_contract rules/test_rules "
    "registry/test_presets comparison/test_content comparison/test_contract_pass test_startup "
    "rules/test_hint_words sources/test_git_truth sources/test_stored_forms "
    "test_hostile::test_a_component_that_vanishes_during_the_scan_counts_as_missing "
    "test_hostile::test_an_io_error_at_any_call_is_an_error_and_never_a_wrong_finding",
    "cli": "test_boundary test_cli test_main "
    "test_hostile::test_a_full_standard_output_is_reported_as_an_error",
    "commands": "commands test_cli test_contract",
    "commands/arguments": "commands/test_help commands/test_log commands/test_fix_options "
    "commands/test_mv test_cli",
    "commands/check": "commands/test_check_report test_cli test_report commands/test_accepted "
    "commands/test_fix_ends test_contract formats/test_github "
    "test_hostile::test_a_full_standard_output_is_reported_as_an_error",
    "commands/completion": "commands/test_completion",
    "commands/config": "commands/test_settings",
    "commands/contract_proposal": "commands/test_init_contract",
    "commands/explain": "commands/test_explain",
    "commands/fix_options": "commands/test_fix_options commands/test_fix_ends "
    "commands/test_questions fixing/test_adoption",
    "commands/hook": "commands/test_init_hook",
    "commands/inference": "commands/test_inference commands/test_init_registry "
    "commands/test_proposal_limits",
    "commands/init": "commands/test_init_ends commands/test_init commands/test_init_library "
    "commands/test_init_hook commands/test_init_registry",
    "commands/library": "commands/test_library_map commands/test_init_library commands/test_init",
    "commands/log": "commands/test_log windows/test_windows_output",
    "commands/manual": "commands/test_help",
    "commands/mv": "commands/test_mv",
    "commands/options": "test_cli commands/test_fix_options test_contract",
    "commands/path_index": "commands/test_path_index commands/test_init_registry",
    "commands/proposal": "commands/test_proposal_limits commands/test_init_registry",
    "commands/prune": "commands/test_prune",
    "commands/questions": "commands/test_questions commands/test_prune fixing/test_adoption",
    "commands/recover": "commands/test_recover",
    "commands/reference": "commands/test_help",
    "commands/selftest": "commands/test_selftest test_registry_selftest",
    "commands/shapes": "commands/test_shapes commands/test_init_registry",
    "commands/tree_guess": "commands/test_shapes commands/test_init_registry",
    "commands/watch": "commands/test_watch",
    "commit": "commit security/test_intent security/test_registry_intent security/test_swaps "
    "security/test_state_directory sources/test_at_rest windows/test_windows_commit "
    "crash/test_git_clean",
    "comparison": "comparison test_check test_registries test_contract rules/test_rules "
    "rules/test_hint_words rules/test_messages fixing/test_plan",
    "comparison/explanation": "fixing/test_plan fixing/test_fix_registries rules/test_git_hints "
    "fixing/test_fix_in_git comparison sources/test_git_truth",
    "config": "test_config test_project test_check text/test_shell commands/test_explain",
    "contracts": "contracts comparison/test_contract_pass test_contract_recipes",
    "criteria": "test_criteria test_guard test_plugins",
    "errors": "test_guard test_lookup test_config",
    "fixing": "fixing batch commands/test_mv commands/test_prune security/test_intent "
    "security/test_registry_intent",
    "fixing/adopting": "fixing/test_adoption",
    "fixing/adoption": "fixing/test_adoption",
    "fixing/batches": "batch",
    "fixing/candidate": "fixing/test_dialogue fixing/test_stored_texts",
    "fixing/collecting": "batch",
    "fixing/consent": "fixing/test_consent fixing/test_spending",
    "fixing/contracts": "fixing/test_fix_contracts fixing/test_judging",
    "fixing/delivery": "fixing/test_delivery fixing/test_run",
    "fixing/descriptions": "fixing/test_descriptions fixing/test_fix_registries",
    "fixing/destination": "fixing/test_plan fixing/test_folding_disk",
    "fixing/dialogue": "fixing/test_dialogue fixing/test_terminal_docs",
    "fixing/displays": "fixing/test_progress fixing/test_terminal_docs",
    "fixing/editor": "fixing/test_dialogue",
    "fixing/examples": "fixing/test_example_pools fixing/test_examples_of_registries "
    "fixing/test_fix_contracts",
    "fixing/forecast": "fixing/test_stored_texts fixing/test_adoption fixing/test_fix_in_git "
    "batch/test_batch_fix::test_a_dry_run_shows_what_is_pending",
    "fixing/interaction": "fixing/test_dialogue fixing/test_spending fixing/test_stored_texts",
    "fixing/interrupts": "fixing/test_progress fixing/test_dialogue",
    "fixing/job": "fixing/test_job fixing/test_descriptions fixing/test_run fixing/test_fix "
    "fixing/test_spending fixing/test_stored_texts fixing/test_fix_in_git fixing/test_adoption "
    "batch/test_batch_fix::test_what_takes_no_batch_is_refused "
    "batch/test_batch_fix::test_waiting_goes_on_while_another_process_works_on_the_batch",
    "fixing/judging": "fixing/test_judging fixing/test_fix_contracts",
    "fixing/moving": "commands/test_mv fixing/test_folding_disk",
    "fixing/offers": "fixing/test_fix_in_git fixing/test_fix_registries fixing/test_plan",
    "fixing/orders": "fixing/test_run fixing/test_descriptions fixing/test_fix_contracts "
    "fixing/test_stored_texts fixing/test_dialogue",
    "fixing/outline": "fixing/test_plan fixing/test_fix_in_git fixing/test_stored_texts "
    "fixing/test_adoption",
    "fixing/past": "fixing/test_stored_texts "
    "batch/test_batch_fix::test_a_run_killed_while_it_collects_stores_no_text_twice",
    "fixing/placing": "fixing/test_run fixing/test_progress fixing/test_fix_in_git "
    "fixing/test_fix_registries",
    "fixing/plan": "fixing/test_plan fixing/test_fix_registries fixing/test_fix "
    "fixing/test_fix_in_git",
    "fixing/preview": "fixing/test_run fixing/test_adoption fixing/test_fix_in_git "
    "fixing/test_fix_contracts fixing/test_stored_texts "
    "batch/test_batch_fix::test_a_dry_run_shows_what_is_pending",
    "fixing/progress": "fixing/test_progress fixing/test_terminal_docs",
    "fixing/pruning": "commands/test_prune",
    "fixing/recovery": "security/test_registry_intent security/test_intent "
    "fixing/test_folding_disk",
    "fixing/registry_steps": "fixing/test_fix_registries fixing/test_examples_of_registries",
    "fixing/run": "fixing/test_run fixing/test_progress fixing/test_spending "
    "fixing/test_stored_texts fixing/test_fix_in_git fixing/test_adoption batch",
    "fixing/session": "fixing/test_adoption fixing/test_run fixing/test_progress "
    "fixing/test_spending fixing/test_stored_texts fixing/test_fix_in_git "
    "fixing/test_fix_registries "
    "batch/test_batch_fix::test_a_text_that_is_pending_can_be_bought_anyway",
    "fixing/staging": "fixing/test_fix_in_git",
    "fixing/steps": "fixing/test_fix_registries fixing/test_fix_in_git fixing/test_plan "
    "fixing/test_fix",
    "fixing/submission": "batch",
    "fixing/target_directory": "fixing/test_plan fixing/test_fix_registries",
    "fixing/texts": "fixing/test_run fixing/test_dialogue fixing/test_spending "
    "fixing/test_stored_texts",
    "fixing/worktree_plan": "fixing/test_scope fixing/test_fix_in_git "
    "fixing/test_fix_registries fixing/test_run",
    "formats": _FORMATS + " pytest_plugin/test_excerpt test_contract",
    "generators": "generators batch security/test_answers security/test_generated_texts "
    "security/test_programs security/test_published_texts security/test_snippets "
    "fixing/test_raw_answers fixing/test_consent fixing/test_fix_contracts fixing/test_judging "
    "commands/test_fix_options",
    "generators/answers": "generators/test_answer_gate fixing/test_raw_answers "
    "security/test_generated_texts",
    "generators/answers/code": "generators/test_code_in_answers generators/test_answer_gate",
    "generators/answers/formats": "generators/test_suffixes generators/test_answer_gate",
    "generators/answers/markers": "generators/test_markers generators/test_answer_gate",
    "generators/answers/non_answers": "generators/test_non_answers generators/test_answer_gate",
    "generators/answers/parts": "generators/test_non_answers generators/test_answer_gate "
    "generators/test_chat",
    "generators/answers/thoughts": "generators/test_markers generators/test_answer_gate",
    "generators/answers/wrapping": "generators/test_wrapping generators/test_answer_gate",
    "generators/batch": "batch generators/test_chat_imports",
    "generators/budget": "generators/test_estimates generators/test_chat_budget "
    "generators/test_prompt "
    "generators/test_likeness fixing/test_consent fixing/test_spending "
    "batch/test_batch_fix::test_a_backlog_is_split_by_the_limits_of_a_batch",
    "generators/chat": "generators/test_assembly generators/test_batch_calls "
    "generators/test_bodies generators/test_chat generators/test_chat_budget "
    "generators/test_chat_keys generators/test_chat_responses generators/test_chat_route "
    "generators/test_chat_streams generators/test_chat_waiting generators/test_error_body "
    "generators/test_answer_gate generators/test_chat_imports security/test_answers",
    "generators/chat/assembly": "generators/test_assembly generators/test_chat_streams",
    "generators/chat/background": "generators/test_assembly generators/test_chat",
    "generators/chat/batch_calls": "generators/test_batch_calls generators/test_bodies batch",
    "generators/chat/batch_file": "generators/test_batch_calls generators/test_bodies batch",
    "generators/chat/batch_lines": "generators/test_batch_calls generators/test_bodies batch",
    "generators/chat/batch_objects": "generators/test_batch_calls generators/test_bodies batch",
    "generators/chat/batches": "generators/test_batch_calls generators/test_bodies batch",
    "generators/chat/body": "generators/test_bodies generators/test_chat security/test_answers",
    "generators/chat/error_body": "generators/test_call_faults generators/test_error_body "
    "generators/test_bodies",
    "generators/chat/call": "generators/test_parts_of_chat generators/test_chat_budget",
    "generators/chat/client": "generators/test_chat generators/test_chat_route",
    "generators/chat/connection": "generators/test_call_faults generators/test_chat_route",
    "generators/chat/endpoint": "generators/test_parts_of_chat generators/test_chat_keys",
    "generators/chat/events": "generators/test_parts_of_chat generators/test_chat_streams",
    "generators/chat/exchange": "generators/test_parts_of_chat generators/test_chat "
    "security/test_answers",
    "generators/chat/fault": "generators/test_bodies generators/test_chat_waiting",
    "generators/chat/keys": "generators/test_chat_keys",
    "generators/chat/moderation": "generators/test_error_body",
    "generators/chat/proxy": "generators/test_call_faults generators/test_chat_route",
    "generators/chat/reading": "generators/test_parts_of_chat generators/test_answer_gate "
    "generators/test_chat",
    "generators/chat/receiving": "generators/test_parts_of_chat generators/test_chat_streams",
    "generators/chat/responses": "generators/test_parts_of_chat generators/test_chat_responses",
    "generators/chat/retrying": "generators/test_call_faults generators/test_chat_waiting",
    "generators/chat/route": "generators/test_parts_of_chat generators/test_chat_route",
    "generators/chat/trust": "generators/test_chat_route",
    "generators/choice": "generators/test_choice generators/test_scaffold "
    "generators/test_chat_keys commands/test_fix_options",
    "generators/command": "generators/test_program_parts generators/test_command "
    "security/test_programs "
    "fixing/test_fix_contracts fixing/test_raw_answers security/test_generated_texts",
    "generators/invisible": "security/test_generated_texts generators/test_answer_gate "
    "generators/test_prompt",
    "generators/job": "generators/test_job_object",
    "generators/judgement": "generators/test_second_try generators/test_answer_gate "
    "generators/test_scaffold security/test_generated_texts fixing/test_judging "
    "fixing/test_fix_contracts generators/test_command",
    "generators/likeness": "generators/test_estimates generators/test_likeness",
    "generators/process": "generators/test_program_parts generators/test_command "
    "security/test_programs",
    "generators/prompt": "generators/test_estimates generators/test_prompt "
    "generators/test_answer_gate "
    "generators/test_likeness fixing/test_consent fixing/test_fix_contracts",
    "generators/sample": "generators/test_forms generators/test_prompt generators/test_likeness "
    "fixing/test_example_pools fixing/test_examples_of_registries",
    "generators/scaffold": "generators/test_forms generators/test_scaffold "
    "fixing/test_fix_contracts",
    "generators/screening": "generators/test_estimates generators/test_screening "
    "security/test_generated_texts "
    "security/test_snippets",
    "generators/shape": "generators/test_forms generators/test_scaffold fixing/test_fix_contracts",
    "generators/supervisor": "generators/test_program_parts generators/test_command "
    "security/test_programs",
    "generators/usage_line": "generators/test_estimates generators/test_chat_budget",
    "guard": "test_guard test_check test_criteria test_baseline commands/test_check_report "
    "commands/test_log fixing/test_fix fixing/test_stored_texts inventory sources/test_at_rest "
    "comparison/test_contract_pass test_contract",
    "inventory": "inventory",
    "just_in_time": "test_just_in_time",
    "ledger": "ledger/test_history ledger/test_ledger ledger/test_ledger_files ledger/test_claims "
    "ledger/test_engines ledger/test_batch_records commands/test_log security/test_forged_ledger",
    "ledger/batches": "ledger/test_batch_records batch",
    "ledger/postgresql": "ledger/test_address ledger/test_server ledger/test_server_claims "
    "ledger/test_batch_records ledger/test_lost_connections ledger/test_engines",
    "lookup": "test_lookup test_guard",
    "named_tuple": "test_named_tuple",
    "plugins": "test_plugins test_hookspecs",
    "project": "test_project test_criteria test_guard",
    "pytest_plugin": "pytest_plugin",
    "registry": "registry test_registries",
    "registry/diff": "registry/test_diff registry/test_insertion",
    "registry/registry": "registry test_registries contracts/test_examination",
    "registry/renaming": "commands/test_mv fixing/test_fix_registries test_registries",
    "report": "test_report test_check test_registries rules/test_series formats/test_text",
    "rules": (
        "rules/test_rules rules/test_messages rules/test_faults rules/test_series "
        "rules/test_hint_words test_registry_selftest test_contract test_registries comparison "
        "test_check commands/test_explain test_plugins rules"
    ),
    "rules/explained": "commands/test_explain rules/test_rules",
    "rules/fault": "rules/test_faults commands/test_selftest test_registry_selftest",
    "rules/plugin_rule": "rules/test_plugin_rules test_plugins rules/test_faults",
    "rules/registry_fault": "test_registry_selftest",
    "rules/series": "rules/test_series",
    "rules/withheld": "rules/test_rules test_check test_registries comparison "
    "sources/test_stored_forms",
    "selftest": "rules/test_faults commands/test_selftest test_registry_selftest test_plugins",
    "sources": "sources test_check test_criteria test_registries test_hostile comparison "
    "fixing/test_plan fixing/test_fix_in_git rules/test_git_hints rules/test_rare_projects "
    "security/test_paths security/test_git_programs commands/test_prune test_registry_selftest",
    "sources/answers": "sources/test_overlay",
    "sources/converted": "sources/test_disk sources/test_stored_forms",
    "sources/disk": "sources/test_disk sources/test_worktree sources/test_at_rest "
    "sources/test_memory test_hostile security/test_swaps security/test_paths",
    "sources/gate": "sources/test_disk sources/test_memory sources/test_worktree "
    "sources/test_git_tree security/test_paths",
    "sources/git": "sources/test_git_answers sources/test_git_environment "
    "sources/test_git_layouts sources/test_git_listing "
    "sources/test_git_tracking "
    "sources/test_git_tree sources/test_git_truth sources/test_stored_forms sources/test_overlay "
    "sources/test_worktree rules/test_git_hints security/test_waiting_git "
    "security/test_git_programs",
    "sources/git/environment": "sources/test_git_environment sources/test_git_tree",
    "sources/git/held": "sources/test_git_answers sources/test_git_truth rules/test_git_hints "
    "fixing/test_fix_in_git",
    "sources/git/index": "sources/test_git_answers sources/test_git_tracking "
    "security/test_waiting_git::test_any_other_wait_has_an_end",
    "sources/git/call": "sources/test_git_environment",
    "sources/git/commands": "sources/test_git_environment sources/test_git_answers",
    "sources/git/lfs": "sources/test_git_environment sources/test_stored_forms",
    "sources/git/listing": "sources/test_git_listing",
    "sources/git/objects": "sources/test_git_answers sources/test_git_environment "
    "sources/test_git_tree "
    "security/test_waiting_git",
    "sources/git/restoration": "sources/test_git_answers fixing/test_fix_in_git",
    "sources/git/watchdog": "sources/test_git_environment security/test_waiting_git",
    "sources/glob_walk": "sources/test_overlay registry/test_tree_globs comparison/test_modules "
    "test_registries",
    "sources/memory": "sources/test_overlay sources/test_memory sources/test_tree "
    "sources/test_stored_forms "
    "test_check commands/test_init_registry",
    "sources/output": "sources/test_disk sources/test_output",
    "sources/overlay": "sources/test_overlay fixing/test_judging commands/test_init_registry "
    "commands/test_selftest "
    "commands/test_proposal_limits",
    "sources/read_maps": "sources/test_maps sources/test_stored_forms test_check test_registries "
    "comparison fixing/test_plan",
    "sources/registry_files": "sources/test_maps test_registries registry/test_selection "
    "comparison/test_modules",
    "sources/repository": "sources/test_overlay sources security/test_git_programs "
    "commands/test_watch",
    "sources/source": "sources test_check",
    "sources/tree": "sources/test_overlay sources/test_tree sources/test_worktree",
    "sources/twins": "sources/test_overlay sources/test_twins sources/test_git_truth",
    "sources/worktree": "sources/test_disk sources/test_worktree sources/test_at_rest "
    "sources/test_memory security/test_paths",
    "text": "text test_properties",
}


def files(sources: Path, package: str) -> list[Path]:
    """The files of a package, or of a module or folder within one: `ledger`, `ledger/claims`."""
    if (sources / f"{package}.py").is_file():
        return [sources / f"{package}.py"]
    return sorted((sources / package).rglob("*.py"))


def watching(package: str) -> list[str]:
    """The files and folders of the tests of a package or a module."""
    known = [name for name in TESTS if f"{package}/".startswith(f"{name}/")]
    names = TESTS[max(known, key=len)].split() if known else []
    return list(map(_argument, names))


def _argument(name: str) -> str:
    """What pytest takes: a file, one of its tests, or a folder."""
    file, *test = name.split("::")
    return "::".join([f"tests/{file}.py" if "/test_" in f"/{file}" else f"tests/{file}", *test])
