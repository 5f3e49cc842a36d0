"""A small good definition, and what breaks it: one line changed for each rule of the lint."""
from tests.workflows import lint

GOOD = """\
version: '2.0'
trove_upgrade.sample:
  description: A sample.
  tags: [trove_upgrade, internal]
  input:
    - job
    - until: 0
  vars:
    failure: null
    step: {}
  output:
    failure: <% $.failure %>
  output-on-error:
    failure: <% tasks(execution().id, false, ERROR).select($.result) %>
  tasks:
    start:
      description: First.
      action: std.noop
      retry:
        count: 3
        delay: 1
        break-on: <% isDict(task().result) and task().result.get('class') != 'retry' %>
      on-success: watch
    watch:
      description: Second.
      action: trove_upgrade.watch_health
      input:
        run: <% $.job.run %>
        until: <% $.until %>
      retry:
        count: 3
        delay: 1
        break-on: <% isDict(task().result) and task().result.get('class') != 'retry' %>
      publish:
        failure: <% $.failure %>
      publish-on-error:
        failure: <% task().result %>
      on-success:
        - wave: <% $.job.more %>
        - start_again: <% not $.job.more %>
    wave:
      description: Third.
      with-items: member in <% $.step.members %>
      workflow: trove_upgrade.member
      input:
        run: <% $.job.run %>
        member: <% $.member %>
        tries: {}
    start_again:
      description: Fourth.
      action: std.noop
      on-error: watch
      on-success: watch
"""

# Rule -> [(what stands in GOOD, what is written instead, words of the complaint)].
CAUGHT = {
    lint.dead_tasks: [
        ("on-success: watch\n    watch:", "on-success: wave\n    watch:", "watch is never reached"),
        ("on-error: watch\n      on-success: watch", "on-error: watch\n      on-success: start",
         "starts at [], not at one task")],
    lint.open_branches: [
        ("not $.job.more", "$.job.less", "watch: on-success may lead nowhere")],
    lint.unhandled_failures: [
        ("on-success:\n        - wave", "on-complete:\n        - wave", "does not handle errors"),
        ("[trove_upgrade, internal]", "[trove_upgrade, entry]", "wave: nothing handles"),
        (lint.TOLD, "<% $.failure %>",
         "wave: nothing handles or tells")],
    lint.retries: [
        ("until: <% $.until %>\n      retry:\n        count: 3\n        delay: 1\n"
         f"        break-on: {lint.SAFE_BREAK}", "until: <% $.until %>",
         "watch: a request that is lost is not made again"),
        ("      on-error: watch\n", "", "start_again: a request that is lost is not made again"),
        ("class') != 'retry' %>\n      publish", "class') %>\n      publish",
         "watch: break-on must be"),
        ("      publish:\n        failure: <% $.failure %>\n", "", "has published, and nothing"),
        ("      with-items: m", "      retry: {count: 3, delay: 1}\n      with-items: m",
         "would repeat what went well in the workflow"),
        ("  tasks:", "  task-defaults:\n    on-error: start\n  tasks:", "task-defaults on-error")],
    lint.with_items: [
        ("$.step.members", "$.plan.waves", "with-items is only for"),
        ("      with-items: m", "      concurrency: 1\n      with-items: m",
         "with-items is only for"),
        ("      workflow: trove_upgrade.member", "      action: trove_upgrade.request_upgrade",
         "with-items is only for")],
    lint.outputs: [
        ("  output-on-error:\n    failure:", "  output-on-error:\n    fault:", "output-on-error ["),
        ("  output:\n    failure: <% $.failure %>", "  output:\n    failure: <% $.fault %>",
         "output reads fault"),
        (f"  output-on-error:\n    failure: {lint.TOLD}\n", "", "must both be there")],
    lint.variables: [
        ("run: <% $.job.run %>\n        until", "run: <% $.jab.run %>\n        until",
         "jab is read but never set")],
    lint.described: [
        ("  description: A sample.\n", "", "the workflow has no description"),
        ("      description: Second.\n", "", "watch has no description"),
        ("tags: [trove_upgrade, internal]", "tags: [internal]", "tags are")],
    lint.named: [
        ("trove_upgrade.sample:", "trove_upgrade.simple:", "its file says trove_upgrade.sample")],
    lint.inputs: [
        ("- until: 0", "- namespace: 0", "a name of Mistral's own"),
        ("internal]\n  input:\n    - job\n    - until: 0",
         "entry]\n  input:\n    - until: 0\n    - job", "required inputs come first"),
        ("internal]\n  input:\n    - job\n    - until: 0", "entry]\n  input:\n    - until: [1, 2]",
         "a form can't show the default [1, 2]"),
        ("internal]\n  input:\n    - job\n    - until: 0", "entry]\n  input:\n    - until: 'a, b'",
         "a form can't show the default 'a, b'")],
}

CALLS = [
    ("action: trove_upgrade.watch_health", "action: trove_upgrade.watch_helth",
     "watch: there is no action trove_upgrade.watch_helth"),
    ("        until: <% $.until %>\n", "", "watch: input until is missing"),
    ("        until: <%", "        untli: 1\n        until: <%", "watch: input untli is unknown"),
    ("workflow: trove_upgrade.member", "workflow: trove_upgrade.mebmer",
     "wave: there is no workflow trove_upgrade.mebmer"),
    ("        tries: {}\n", "", "wave: input tries is missing"),
    ("        tries: {}\n", "        tries: {}\n        home: []\n", "wave: input home is unknown"),
    ("workflow: trove_upgrade.member", f'workflow: "{lint.DYNAMIC}"',
     "wave: input member is unknown"),
    ("action: trove_upgrade.watch_health\n      input:\n        run: <% $.job.run %>\n"
     "        until: <% $.until %>\n", "action: trove_upgrade.watch_health until=1\n",
     "watch: there is no action trove_upgrade.watch_health until=1"),
]


def changed(old, new):
    """GOOD with one place changed."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


# Name of a file -> a definition that Mistral's own parser refuses, but for the first.
FOR_MISTRAL = {
    "good.yaml": GOOD,
    "anchor.yaml": changed("    start:\n      description", "    start: &first\n      description"),
    "unknown_key.yaml": changed("    wave:\n", "    wave:\n      on-succes: watch\n"),
    "unknown_target.yaml": changed("on-success: watch\n    watch", "on-success: wtach\n    watch"),
    "no_start.yaml": changed("on-error: watch\n      on-success: watch",
                             "on-error: watch\n      on-success: start"),
    "bad_yaql.yaml": changed("until: <% $.until %>", "until: <% $.until + %>"),
    "bad_yaql_in_vars.yaml": changed("    step: {}", "    step: <% $.a + %>"),
    "bad_yaql_in_output.yaml": changed("  output:\n    failure: <% $.failure %>",
                                       "  output:\n    failure: <% $.failure. %>"),
}
