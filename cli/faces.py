"""`kindred faces …` and `kindred weights …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import face_policy
from cli.command import PLOT, WRONG_USAGE, Shell, command
from cli.inputs import SEED

_NAME = Annotated[str, typer.Argument(metavar="NAME|FILE", help="casia-webface, vggface2 or a file of weights.")]
_PEOPLE = Annotated[Path, typer.Option("--by-folder", metavar="DIR", help="A folder of photos per person.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    faces = typer.Typer(help="Look at faces, and measure how well likeness works.", no_args_is_help=True)
    app.add_typer(faces, name="faces")
    _register_weights(app)
    face_policy.register(faces)

    @command(faces, computes=True)
    def evaluate(
        shell: Shell,
        pairs: Annotated[
            Path | None, typer.Option("--pairs", metavar="FILE", help="Labelled pairs: LFW's list, or a CSV.")
        ] = None,
        root: Annotated[Path | None, typer.Option("--root", metavar="DIR", help="Where paths in it start.")] = None,
        by_folder: Annotated[
            Path | None, typer.Option("--by-folder", metavar="DIR", help="A folder of photos per person: all pairs.")
        ] = None,
        plot: PLOT = None,
        weights: Annotated[str | None, typer.Option("--weights", metavar="NAME|FILE")] = None,
        align: Annotated[str | None, typer.Option("--align", help="crop, similarity or frontal.")] = None,
        answers: Annotated[
            Path | None,
            typer.Option("--judgements", metavar="FILE", help="Instead: weights from what `faces judge` saved."),
        ] = None,
    ) -> int:
        """How well likeness tells people apart. AUC, accuracy by folds, true matches at few false ones, with intervals.

        With --judgements: how much likeness, age, hair and sex count in what people found alike in this workspace.

        Example: `kindred faces evaluate --by-folder people -o json`
        """
        if answers is not None:
            from engine.usecases import judging as asking

            shell.emit(asking.weights(shell.workspace(), answers, progress=shell.progress))
            return 0
        from engine import config_file
        from engine.charts import render
        from engine.charts.faces import recognition
        from engine.faces import evaluate as judging
        from engine.faces import pairs as labelled

        if by_folder is not None:
            table, folder = labelled.by_folder(by_folder), by_folder
        elif pairs is not None and root is not None:
            table, folder = labelled.read(pairs), root
        else:
            shell.complain("give --by-folder DIR, or --pairs FILE with --root DIR")
            return WRONG_USAGE
        if plot is not None:
            render.check(plot)
        settings = config_file.load(flags={"faces.weights": weights, "faces.align": align}).faces
        found = judging.evaluate(table, folder, settings=settings, threads=shell.threads or 0, progress=shell.progress)
        shell.emit(found.flat())
        if plot is not None:
            render.write(plot, recognition(found.curve, auc=found.auc[0]))
        return 0

    @command(faces, computes=True)
    def sheet(
        shell: Shell,
        to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the two files.")],
        limit: Annotated[int, typer.Option("--limit", min=1, help="Customers shown.")] = 20,
    ) -> None:
        """Faces and their five most similar photos as PNG and HTML. Each face, its crop, its matches, or why not.

        Example: `kindred faces sheet --to sheets`
        """
        from engine.usecases import lookalikes

        files = lookalikes.contact_sheet(shell.workspace(), to, limit=limit, progress=shell.progress)
        shell.emit({"files": [str(path) for path in files]})

    @command(faces, computes=True)
    def ambiguous(
        shell: Shell,
        to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for a page and a table.")],
    ) -> None:
        """Customers' photos with several faces that may be the customer's. Faces are numbered: mark one in the table.

        Example: `kindred faces ambiguous --to open`
        """
        from engine.usecases import settling

        rows, files = settling.listed(shell.workspace(), to, progress=shell.progress)
        shell.emit(rows)
        for file in files:
            shell.say(f"{file}")

    @command(faces, computes=True)
    def settle(
        shell: Shell, file: Annotated[Path, typer.Argument(metavar="FILE", help="The table of `faces ambiguous`.")]
    ) -> None:
        """Read which face is the customer's from a table. A photo without yes in the column chosen is open again.

        Example: `kindred faces settle open/ambiguous.csv`
        """
        from engine.usecases import settling

        shell.emit(settling.settle(shell.workspace(), file))
        shell.say("Their faces are embedded at the next `kindred run`.")

    @command(faces, computes=True)
    def judge(
        shell: Shell,
        to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the page.")],
        count: Annotated[int, typer.Option("--questions", min=1, max=5000, help="How many are asked.")] = 200,
        seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed draws other questions.")] = 7,
    ) -> None:
        """A page that asks which of two photos is more like a face. Answered by keyboard, offline, saved as a CSV.

        `kindred faces evaluate --judgements judgements.csv` turns the answers into weights for the settings.

        Example: `kindred faces judge --to judge`
        """
        from engine.usecases import judging

        file = judging.page(shell.workspace(), to, count=count, seed=seed, progress=shell.progress)
        shell.emit({"file": str(file)})

    @command(faces, computes=True)
    def caps(shell: Shell) -> None:
        """How much likeness limits on a photo's uses (max_uses) cost. Mean with and without, faces moved and lost.

        Example: `kindred faces caps -o json`
        """
        from engine.usecases import lookalikes

        shell.emit(lookalikes.cost_of_caps(shell.workspace(), progress=shell.progress))

    @command(faces, computes=True)
    def wishes(shell: Shell) -> None:
        """How much likeness it costs to prefer photos of like sex, age and hair. And how many matches differ in them.

        Example: `kindred faces wishes -o csv`
        """
        from engine.usecases import lookalikes

        shell.emit(lookalikes.cost_of_wishes(shell.workspace(), progress=shell.progress))

    @command(faces, computes=True)
    def finetune(
        shell: Shell,
        by_folder: _PEOPLE,
        to: Annotated[Path, typer.Option("--to", metavar="FILE.pt", help="The new weights.")],
        weights: Annotated[str | None, typer.Option("--weights", metavar="NAME|FILE", help="To start from.")] = None,
        epochs: Annotated[int, typer.Option("--epochs", min=1)] = 20,
        seed: SEED = 7,
    ) -> None:
        """Adapt FaceNet's last block to your own labelled photos. Judged on persons it has not seen.

        Example: `kindred faces finetune --by-folder people --to ours.pt`
        """
        from engine import config_file
        from engine.faces.finetune import finetune as train

        settings = config_file.load(flags={"faces.weights": weights}).faces
        done = train(by_folder, to, settings=settings, epochs=epochs, seed=seed, progress=shell.progress)
        shell.emit(
            {
                "file": str(done.path),
                "epochs": done.epochs,
                "better": done.better,
                "before": done.before.flat(),
                "after": done.after.flat(),
            }
        )
        shell.say(
            f"Use them: `kindred weights use {done.path}`."
            if done.better
            else "Tested on people not in the training, they are not better than before beyond chance: do not use them."
        )


def _register_weights(app: typer.Typer) -> None:
    group = typer.Typer(help="FaceNet's weights: list, download, check, use.", no_args_is_help=True)
    app.add_typer(group, name="weights")

    @command(group, name="list")
    def list_(shell: Shell) -> None:
        """The known weights. State, training data, licence, file.

        Example: `kindred weights list`
        """
        from engine.faces import weights

        shell.emit(weights.list_())

    @command(group)
    def fetch(
        shell: Shell,
        name: _NAME,
        url: Annotated[str, typer.Option("--url", help="Another place that has the same file.")] = "",
    ) -> None:
        """Download published weights. Nothing is replaced before the new file's sha256 is right.

        Example: `kindred weights fetch vggface2`
        """
        from engine.faces import weights

        shell.emit({"file": str(weights.fetch(name, url=url, progress=shell.progress))})

    @command(group)
    def verify(shell: Shell, name: _NAME) -> None:
        """Check that weights are there, unaltered, and fit FaceNet.

        Example: `kindred weights verify casia-webface`
        """
        from engine.faces import weights

        shell.emit({"name": name, "found": weights.verify(name)})

    @command(group)
    def use(shell: Shell, name: _NAME) -> None:
        """Use these weights in the workspace. The next run embeds all photos anew.

        Example: `kindred weights use vggface2`
        """
        from engine import config_file
        from engine.faces import weights
        from engine.workspace import CONFIG

        space = shell.workspace()
        known = weights.usable(name)
        chosen = str(Path(name).resolve()) if known.path is not None else name
        config_file.set_value(space.path / CONFIG, "faces.weights", chosen)
        shell.emit({"faces.weights": chosen})
