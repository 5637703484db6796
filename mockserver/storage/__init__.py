"""The storage beside the APIs: an imitation of S3 at `/_storage/` for uploads, archives and job artifacts.

Links work by signature alone, without a token, for as long as they say (contract: Archives and retention,
Assets).
"""
