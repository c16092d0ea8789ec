"""Read models are rebuilt by the projections of a service, when an operator asks for it, and by a command."""

import os
import signal

from tests.events import line
from tests.service.running import Commands, eventually, linux_only

ASK = 'mutation { rebuildReadModel(name: "usage") { readModel { rebuilding } errors { message } } }'
STATES = "{ eventLog { readModels { lag rebuilding } } }"


def states(served) -> set[tuple[int, float | None]]:
    return {(each["lag"], each["rebuilding"]) for each in served.ask(STATES)["eventLog"]["readModels"]}


@linux_only
def test_a_rebuild_that_was_asked_for_is_carried_out_also_when_the_projections_are_killed(tallygraph: Commands):
    # Given events that are projected
    served = tallygraph.serve()
    receipt = served.report([line(subject="acme", id=f"a{i}") for i in range(300)])
    assert served.requests(receipt) == 300
    # When a rebuild is asked for, and those who would make it are killed at once
    assert served.ask(ASK)["rebuildReadModel"] == {"readModel": {"rebuilding": 0.0}, "errors": []}
    os.kill(served.part("project --companion"), signal.SIGKILL)
    # Then the next ones make it, figures are as before, and events go on being counted
    eventually(lambda: states(served) == {(0, None)})
    assert served.requests(receipt) == 300
    assert served.requests(served.report([line(subject="acme", id="b")])) == 301
    served.interrupt()
    assert served.ended() == 0


def test_the_command_rebuilds_and_says_how_far_it_is(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    command = tallygraph.start("project")
    receipt = served.report([line(subject="acme", id=f"a{i}") for i in range(300)])
    assert served.requests(receipt) == 300
    rebuilt = tallygraph.run("rebuild")
    assert (rebuilt.process.returncode, "300/300" in rebuilt.output) == (0, True), rebuilt.errors
    assert served.requests(receipt) == 300
    assert states(served) == {(0, None)}
    command.interrupt()
    assert command.ended() == 0
