"""`newsreel train`: a presenter trained on this machine, by the very manifest that Argo would run."""

import json
import sys
from pathlib import Path

from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from newsreel.presenters.bundle import PRESENTERS_VARIABLE
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.training_data import MAX_TRAINING_MINUTES, REPORT_FILE, SAMPLES_FILE
from steps.check_presenter.program import check
from workflows.emit import emit_workflows
from workflows.profiles import EMBEDDED
from workflows.render import address, run_locally, shown
from workflows.training import TRAIN_PRESENTER


def train(footage: Path, to: Path, work: Path, steps: int, minutes: float) -> int:
    """Emit the manifests of the embedded profile, run the training, and say where the bundle is and how good.

    Returns the exit status: 0, the failed step's own, 130 or 143 when interrupted. Raises BadInput for a wrong sheet, number or
    missing footage, Conflict for a bundle that would take the footage's place, before anything starts.
    """
    if steps < 1 or not 0 < minutes <= MAX_TRAINING_MINUTES:
        raise BadInput(f"{steps} steps, {minutes:g} minutes: must be 1 or more, and more than 0 up to {MAX_TRAINING_MINUTES:,}")
    here = Storage(AllowList(prefixes=(Address.parse(address(footage)), Address.parse(address(to)))))
    name = check(Address.parse(address(footage)), Address.parse(address(to)), here).presenter.name
    manifests = work / "manifests"
    emit_workflows(EMBEDDED, manifests, Settings())
    uid = f"train-{name}"
    print(f"look while it learns: {shown(work / uid / SAMPLES_FILE)}", file=sys.stderr)
    arguments = {"footage": address(footage), "bundles": address(to), "steps": str(steps), "minutes": f"{minutes:g}"}
    environment = {"NEWSREEL_ADDRESSES": f"{address(footage)},{address(to)}", "NEWSREEL_KEEP_WORKSPACE": "1"}
    result = run_locally(manifests, arguments, uid=uid, work=work, environment=environment, template=TRAIN_PRESENTER)
    if result.exit_status:
        print(f"{result.message} (exit {result.exit_status})", file=sys.stderr)
        return result.exit_status
    if not sys.stderr.isatty():
        print(result.table())
    tell(to / name)
    return 0


def tell(home: Path) -> None:
    kept = json.loads((home / REPORT_FILE).read_text())["kept"]
    quality = kept["quality"]
    print(f"\n{shown(home)}: PSNR {quality['psnr']:.1f} dB, SSIM {quality['ssim']:.3f} on held-out frames, step {kept['step']}")
    print(f"{shown(home / SAMPLES_FILE)}: edges, made, real, side by side")
    print(f"a story finds it with {PRESENTERS_VARIABLE}={shown(home.parent)}")
