"""Wrong versions and media types (document: Making an API Request)."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from ....variants.defect import defect
from ....web.errors import Refusal
from ....web.negotiated import JSON, Negotiated
from ....web.problems import NotAcceptable
from ..errors import PixieBrixErrors
from ..negotiation import Negotiation, Offer, negotiator


@defect("PB-NEG-01", "PB-ASSET-01")
class AssetsAtVersion1(Negotiation):
    """Serves the list of assets at version 1.0 and at no other."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if offer.operation_id == "listAssets":
            return negotiator((JSON,), ("1.0",), "1.0")(accept or "*/*")
        return super().choose(offer, accept)


@defect("PB-NEG-01")
class VersionCalled2(Negotiation):
    """Calls the version 2 that is 2.0 in the documents."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if accept is not None and "version=2.0" in accept:
            msg = 'Invalid version in "Accept" header.'
            raise NotAcceptable(msg)
        return super().choose(offer, accept and accept.replace("version=2", "version=2.0"))


@defect("PB-NEG-02")
class JobsAtVersion2(Negotiation):
    """Serves export jobs at version 2.0 alone, as everything else."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if "ExportJob" in offer.operation_id:
            return negotiator((JSON,), ("2.0",), "2.0")(accept or "*/*")
        return super().choose(offer, accept)


class _Bare(Negotiated):
    @property
    def content_type(self) -> str:
        return self.media_type


@defect("PB-NEG-03", "PB-NEG-04", "PB-CSV-06")
class VersionNotTold(Negotiation):
    """Leaves the version out of the Content-Type."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        return _Bare(found.media_type, found.version)


class _First(Negotiated):
    @property
    def content_type(self) -> str:
        return f"{self.media_type}; version=1.0"


@defect("PB-NEG-03", "PB-CSV-06")
class VersionToldIsTheFirst(Negotiation):
    """Tells version 1.0 in every Content-Type, whatever version was asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        return _First(found.media_type, found.version)


@defect("PB-NEG-04")
class JobsTellVersion2(Negotiation):
    """Tells version 2.0 in the Content-Type of an export job."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        found = super().choose(offer, accept)
        return replace(found, version="2.0") if "ExportJob" in offer.operation_id else found


@defect("PB-NEG-05", "PB-NEG-06", "PB-ARCH-02", "PB-REC-07")
class VersionIgnored(Negotiation):
    """Never looks at the version that is asked for, and serves the one that is published."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        plain = [
            part for part in (accept or "*/*").split(";") if not part.strip().lower().startswith("version=")
        ]
        published = "1.0" if "ExportJob" in offer.operation_id else "2.0"
        negotiate = negotiator(
            offer.media_types, offer.versions, published, any_media_type=offer.any_media_type
        )
        return negotiate(";".join(plain))


@defect("PB-NEG-05")
class LaterVersionsServed(Negotiation):
    """Takes a version that is higher than all that there are for the newest."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        head, given, version = (accept or "*/*").partition("version=")
        newest = max(offer.versions)
        return super().choose(offer, f"{head}{given}{newest}" if version > newest else accept)


@defect("PB-NEG-05")
class JobsAtAnyVersion(Negotiation):
    """Never looks at the version that is asked for where export jobs are concerned."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        return offer.own if "ExportJob" in offer.operation_id else super().choose(offer, accept)


@defect("PB-NEG-06", "PB-ARCH-02")
class ArchivesAtVersion1(Negotiation):
    """Serves the record archives at version 1.0, too."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if offer.operation_id == "listRecordArchives":
            return negotiator((JSON,), ("1.0", "2.0"), "2.0")(accept or "*/*")
        return super().choose(offer, accept)


@defect("PB-NEG-05", "PB-NEG-06", "PB-NEG-10")
class BadRequestForNotAcceptable(PixieBrixErrors):
    """Answers 400 where it cannot serve what the Accept header asks for."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, status=400) if found.status == 406 else found


@defect("PB-NEG-05", "PB-NEG-06")
class NoSuchVersionNotFound(PixieBrixErrors):
    """Answers 404 for a version that it does not serve, as if the version were part of the path."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, status=404) if "version" in str(found.detail) else found


@defect("PB-NEG-07", "PB-DESC-05")
class NotAcceptableInAList(PixieBrixErrors):
    """Answers 406 with the versions that there are, in an array, and no `detail`."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail=["1.0", "2.0"]) if found.status == 406 else found


@defect("PB-NEG-07", "PB-DESC-04")
class NotAcceptableWithoutBody(PixieBrixErrors):
    """Answers 406 without a body."""

    def response(self, error: Exception, answer: Negotiated | None) -> Response:
        found = super().response(error, answer)
        return Response(None, 406) if found.status_code == 406 else found


@defect("PB-NEG-08", "PB-NEG-09")
class NoDefaultVersion(Negotiation):
    """Takes version 0.9 where none is asked for, which no operation serves any more."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        asked = accept or "*/*"
        return offer.negotiate(asked if "version=" in asked else f"{asked}; version=0.9")


@defect("PB-NEG-08")
class VersionDemanded(Negotiation):
    """Refuses a client that asks for JSON and does not say at which version."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if accept == JSON:
            msg = 'Missing version in "Accept" header.'
            raise NotAcceptable(msg)
        return super().choose(offer, accept)


@defect("PB-NEG-09")
class AcceptDemanded(Negotiation):
    """Refuses a client that sends no Accept header."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if accept is None:
            msg = "Could not satisfy the request Accept header."
            raise NotAcceptable(msg)
        return super().choose(offer, accept)


@defect("PB-NEG-09")
class WildcardTakenToTheLetter(Negotiation):
    """Takes */* for the name of a media type, and has none of that name."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if accept == "*/*":
            msg = "Could not satisfy the request Accept header."
            raise NotAcceptable(msg)
        return super().choose(offer, accept)


@defect("PB-NEG-09")
class AnythingIsATable(Negotiation):
    """Sends records as CSV to a client that accepts anything."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        if offer.operation_id == "listRecords" and accept in {None, "*/*"}:
            return replace(offer.own, media_type="text/csv")
        return super().choose(offer, accept)


@defect("PB-NEG-10")
class JsonForEverybody(Negotiation):
    """Answers in JSON where it cannot produce the media type that is asked for."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        try:
            return super().choose(offer, accept)
        except NotAcceptable:
            if accept is not None and "version=" in accept:
                raise
            return offer.own


@defect("PB-NEG-07")
class NotAcceptableWithoutWords(PixieBrixErrors):
    """Answers 406 with an empty object."""

    def refusal(self, error: Exception) -> Refusal:
        found = super().refusal(error)
        return replace(found, detail={}) if found.status == 406 else found
