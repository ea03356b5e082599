using DistMtl.Transport;

namespace DistMtl.ParameterServers;

/// <summary>The servers of one process, which workers reach over one connection: gives each frame to the server it is for.</summary>
public sealed class LocalServers(ServerShape shape, IReadOnlyDictionary<int, ParameterServer> servers)
{
    public static IReadOnlyList<FrameKind> Kinds { get; } = [FrameKind.Pull, FrameKind.Gradient, FrameKind.RowGradients];

    /// <exception cref="FrameException">The frame makes no sense, or is for a server that is elsewhere.</exception>
    public Task OnFrameAsync(string worker, Frame frame, CancellationToken cancellation)
    {
        var index = frame.Kind switch
        {
            FrameKind.Gradient when frame.Header<GradientHeader>().Slice is var slice && slice >= 0 && slice < shape.Slices.Count => shape.Slices.ServerOf(slice, shape.Servers),
            FrameKind.RowGradients => frame.Header<RowGradientHeader>().Server,
            FrameKind.Pull => frame.Header<PullHeader>().Server,
            _ => -1,
        };
        return servers.TryGetValue(index, out var server)
            ? server.OnFrameAsync(worker, frame, cancellation)
            : throw new FrameException($"a {frame.Kind} frame for parameter server {index}, which is not here");
    }
}
