"""Validate documents with the tools of their formats: validate.py [spdx|cyclonedx FILE]..."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.model import RelationshipType
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def spdx(name: str) -> list[str]:
    document = parse_file(name)
    problems = [str(m.validation_message) for m in validate_full_spdx_document(document, "SPDX-2.3")]
    for package in document.packages:
        for reference in package.external_references:
            PackageURL.from_string(reference.locator)
    described = [r for r in document.relationships if r.relationship_type == RelationshipType.DESCRIBES]
    if not described or not document.files:
        problems.append("nothing is described, or there are no files")
    return problems


def cyclonedx(name: str) -> list[str]:
    with open(name, encoding="utf-8") as file:
        error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(file.read())
    return [str(error)] if error else []


failed = False
for kind, file in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    for problem in {"spdx": spdx, "cyclonedx": cyclonedx}[kind](file):
        print(f"{file}: {problem}")
        failed = True
sys.exit(failed)
