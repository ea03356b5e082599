namespace DistMtl.Benchmarks.Planes;

/// <summary>A way to bring memory from one end of a loopback connection to the other; both ends are open already.</summary>
internal interface ICopy : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Brings <paramref name="source"/> over <paramref name="times"/> times, one after another.</summary>
    /// <returns>When the last byte has arrived.</returns>
    Task RunAsync(ReadOnlyMemory<byte> source, Memory<byte> destination, int times);
}
