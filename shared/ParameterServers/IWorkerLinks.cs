using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>How a server reaches the workers.</summary>
public interface IWorkerLinks
{
    IReadOnlyList<string> All { get; }

    /// <exception cref="Protocol.JobException">The worker is lost.</exception>
    Task SendAsync<T>(string worker, FrameKind kind, T header, ReadOnlyMemory<byte> payload, CancellationToken cancellation);
}
