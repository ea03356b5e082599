using DistMtl.Aggregation;

namespace DistMtl.Benchmarks.Servers;

/// <summary>What the machine's memory can do: a copy of a buffer far larger than the caches.</summary>
internal sealed class MemoryCopy
{
    private const int ChunkLength = 1 << 18;

    private readonly float[] _from;
    private readonly float[] _to;

    public MemoryCopy(int length)
    {
        (_from, _to) = (new float[length], new float[length]);
        _from.AsSpan().Fill(1);
        _to.AsSpan().Fill(2);
    }

    /// <summary>Read and written.</summary>
    public long Bytes => 2L * sizeof(float) * _from.Length;

    /// <summary>With several threads a megabyte at a time, as slices are; with one thread in one call.</summary>
    public void Run(int threads)
    {
        if (threads == 1)
            _from.CopyTo(_to.AsSpan());
        else
            SliceThreads.ForEach(_from.Length / ChunkLength, chunk => _from.AsSpan(chunk * ChunkLength, ChunkLength).CopyTo(_to.AsSpan(chunk * ChunkLength)), threads);
    }
}
