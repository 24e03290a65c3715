#include "status.h"

#include <cerrno>

namespace millrace {

Status Status::FromErrno(int error) {
  switch (error) {
    case 0: return Status();
    case ENOSPC:
    case EDQUOT: return Status(Code::kDiskFull, error);
    case EMFILE:
    case ENFILE: return Status(Code::kTooManyFiles, error);
    case EAGAIN: return Status(Code::kWouldBlock, error);
    case ENOENT: return Status(Code::kNotFound, error);
    default: return Status(Code::kIoError, error);
  }
}

}  // namespace millrace
