"""The storage beside the APIs: an imitation of S3 at `/_storage/` for uploads, archives and job artifacts.

Links work by signature alone, without a token, for as long as they say (contract: Archives and retention,
Assets).
"""

from .app import Storage, StorageSandbox, respond
from .disposition import content_disposition
from .errors import AccessDenied, EntityTooLarge, Expired, StorageError
from .signing import MAX_UPLOAD_BYTES, Signer, UploadGrant

__all__ = [
    "MAX_UPLOAD_BYTES",
    "AccessDenied",
    "EntityTooLarge",
    "Expired",
    "Signer",
    "Storage",
    "StorageError",
    "StorageSandbox",
    "UploadGrant",
    "content_disposition",
    "respond",
]
