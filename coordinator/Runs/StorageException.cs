using DistMtl.Protocol;

namespace DistMtl.Coordinator.Runs;

/// <summary>A file or folder cannot be written: no space, an error of the disk, a right that is missing. Later it may be.</summary>
/// <param name="what">Names it.</param>
internal sealed class StorageException(string what, Exception reason)
    : JobException($"cannot write {what}: {reason.Message}", ExitCode.StorageFailed, reason)
{
    /// <summary>Whether an exception says so.</summary>
    public static bool IsReason(Exception e) => e is IOException or UnauthorizedAccessException;
}
