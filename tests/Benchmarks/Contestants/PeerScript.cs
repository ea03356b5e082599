using System.ComponentModel;
using System.Diagnostics;

namespace DistMtl.Benchmarks.Contestants;

/// <summary>The PyTorch script beside the repository and a Python that can run it.</summary>
/// <param name="Missing">What is not there and how to get it; null where all is.</param>
internal sealed record PeerScript(string Python, string Path, string? Missing)
{
    private const string Script = "peers/ddp_mmoe.py";

    /// <summary>The system's first: the one on PATH may be another that has no torch.</summary>
    private static readonly string[] Pythons = ["/usr/bin/python3", "python3"];

    public static async Task<PeerScript> FindAsync(CancellationToken cancellation)
    {
        if (Checkout.Shared(Script) is not { } script)
            return new PeerScript("", "", $"there is no shared/{Script} beside the checkout");
        foreach (var python in Pythons)
        {
            if (await HasTorchAsync(python, cancellation))
                return new PeerScript(python, script, null);
        }
        return new PeerScript("", script, "no python3 with PyTorch was found (apt-get install python3-torch libopenblas0-pthread)");
    }

    private static async Task<bool> HasTorchAsync(string python, CancellationToken cancellation)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch.distributed"]) { RedirectStandardError = true })!;
            await process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
