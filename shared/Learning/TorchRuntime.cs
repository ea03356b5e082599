using System.Runtime.InteropServices;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using TorchSharp;

namespace DistMtl.Learning;

/// <summary>Loads libtorch once per process and chooses the device.</summary>
public static class TorchRuntime
{
    /// <summary>
    /// Names the folder of an installed libtorch (such as the <c>lib</c> folder of a PyTorch package) where the build
    /// was told <c>-p:LibTorch=external</c>.
    /// </summary>
    public const string ExternalVariable = "DISTMTL_LIBTORCH";

    private static readonly string[] ExternalLibraries =
        ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>Must run before anything else touches libtorch, on any thread.</summary>
    /// <exception cref="JobException">libtorch does not load, or the job wants CUDA and there is none.</exception>
    public static torch.Device Start(DeviceKind kind)
    {
        try
        {
            if (Environment.GetEnvironmentVariable(ExternalVariable) is { Length: > 0 } folder)
                LoadExternal(folder);
            KeepFreedMemory();
            torch.InitializeDeviceType(DeviceType.CPU);
            // The bits of a matrix product depend on the number of threads; and one worker is one core.
            torch.set_num_threads(1);
        }
        catch (Exception e) when (e is DllNotFoundException or NotSupportedException or TypeInitializationException)
        {
            throw new JobException($"libtorch does not load on this machine: {e.GetBaseException().Message}", ExitCode.Failure, e);
        }
        return kind switch
        {
            DeviceKind.Cpu => torch.CPU,
            DeviceKind.Cuda when !torch.cuda.is_available() =>
                throw new JobException("training.device is cuda, but this worker has no CUDA device (or a build of libtorch without CUDA)"),
            DeviceKind.Cuda => torch.CUDA,
            _ => torch.cuda.is_available() ? torch.CUDA : torch.CPU,
        };
    }

    /// <summary>
    /// Loads the library (600 MB) and runs a product and its gradient once, so that a worker does this while it still
    /// waits for the cluster. A failure is left to <see cref="Start"/> to report.
    /// </summary>
    public static void WarmUp()
    {
        try
        {
            Start(DeviceKind.Cpu);
            using var scope = torch.NewDisposeScope();
            var x = torch.ones([8, 8], requires_grad: true);
            x.matmul(x).relu().sum().backward();
        }
        catch (JobException)
        {
            // The job's own start meets the same failure, and tells the coordinator.
        }
    }

    /// <summary>
    /// glibc gives every large block back to the system and gets it anew, page by page, at the next step: a seventh of a step's
    /// time. Elsewhere there is no mallopt, and nothing to mend.
    /// </summary>
    private static void KeepFreedMemory()
    {
        const int TrimThreshold = -1, MmapThreshold = -3;
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = MallOpt(MmapThreshold, 1 << 30);
            _ = MallOpt(TrimThreshold, int.MaxValue);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int MallOpt(int parameter, int value);

    private static void LoadExternal(string folder)
    {
        if (!Directory.Exists(folder))
            throw new JobException($"{ExternalVariable} names {folder}, which is not a folder", ExitCode.Failure);
        foreach (var library in ExternalLibraries.Select(name => Path.Combine(folder, name)).Where(File.Exists))
            NativeLibrary.Load(library);
    }
}
