"""A transcription as one zip file, as people keep it: the sound, the words in each form, and a page that needs no server."""

import io
import zipfile

from steps.gentle_server.jobs import Job
from steps.gentle_server.pages import transcription_page

__all__ = ["parcel"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same transcription gives the same bytes."""


def parcel(job: Job) -> bytes:
    """The zip file of a finished transcription; without its sound where that is no longer kept."""
    files = {
        "index.html": transcription_page(job.json).encode(),
        "align.json": job.json.encode(),
        "align.csv": job.csv.encode(),
        "transcript.txt": job.transcript.encode(),
        "a.wav": job.wav,
    }
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if content:
                archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return box.getvalue()
