using DistMtl.Protocol;

namespace DistMtl.Data.Describing;

/// <summary>
/// Number of different values in bounded memory: exact up to k, then from the k-th smallest hash, whose place among all
/// hashes tells how many there are (k minimum values; Bar-Yossef et al. 2002). Standard error 1 / sqrt(k - 2), about 2 %.
/// </summary>
internal sealed class DistinctSketch
{
    private const int K = 4096;

    private readonly SortedSet<ulong> _smallest = [];

    public bool IsExact { get; private set; } = true;

    public long Count => IsExact ? _smallest.Count : (long)((K - 1) / (_smallest.Max / Math.Pow(2, 64)));

    public void Add(ReadOnlySpan<char> value)
    {
        var hash = StableHash.Of(value);
        if (_smallest.Count == K && hash >= _smallest.Max)
        {
            IsExact &= hash == _smallest.Max;
            return;
        }
        if (_smallest.Add(hash) && _smallest.Count > K)
        {
            _smallest.Remove(_smallest.Max);
            IsExact = false;
        }
    }
}
