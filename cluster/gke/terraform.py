"""Terraform, as `up` and `down` call it: on cluster/terraform, variables from newsreel.yaml, state in a bucket of its own."""

from dataclasses import dataclass
from pathlib import Path

from cluster.gke.programs import Programs
from cluster.gke.variables import as_json
from newsreel.config.model import GkeConfig
from newsreel.files import write_atomically

__all__ = ["Terraform"]

CONFIGURATION = Path(__file__).parents[1] / "terraform"


@dataclass(frozen=True)
class Terraform:
    parameters: GkeConfig
    programs: Programs
    folder: Path
    """Where the variables are written."""

    @property
    def variables(self) -> Path:
        return self.folder / f"{self.parameters.cluster.name}.tfvars.json"

    def begin(self) -> None:
        """The bucket of the state, which Terraform cannot make, and all that it needs to begin."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.variables, as_json(self.parameters))
        bucket = f"gs://{self.parameters.cluster.names.state}"
        project = f"--project={self.parameters.cluster.project}"
        if self.programs.status("gcloud", "storage", "buckets", "describe", bucket, project, "--format=value(name)")[0]:
            closed = ("--uniform-bucket-level-access", "--public-access-prevention")
            where = f"--location={self.parameters.cluster.region}"
            self.programs.do("gcloud", "storage", "buckets", "create", bucket, project, where, *closed)
            self.programs.do("gcloud", "storage", "buckets", "update", bucket, "--versioning")
        state = (f"-backend-config=bucket={self.parameters.cluster.names.state}", "-backend-config=prefix=newsreel")
        self.programs.do(*self.words("init"), "-input=false", "-reconfigure", *state)

    def apply(self, *changes: str, yes: bool) -> None:
        """Terraform shows what it will do and asks, unless `yes`; `changes` are variables, as `made=false`."""
        self.programs.do(*self.words("apply"), *self.told(changes), *(("-auto-approve",) if yes else ()))

    def destroy(self, *, yes: bool) -> None:
        self.programs.do(*self.words("destroy"), *self.told(("protected=false",)), *(("-auto-approve",) if yes else ()))

    def words(self, command: str) -> tuple[str, ...]:
        return ("terraform", f"-chdir={CONFIGURATION}", command)

    def told(self, changes: tuple[str, ...]) -> tuple[str, ...]:
        return (f"-var-file={self.variables.resolve()}", *(f"-var={change}" for change in changes))
