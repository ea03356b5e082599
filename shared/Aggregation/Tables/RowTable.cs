using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tables;

public sealed class RowTable(TableEntry entry, ulong seed)
{
    private readonly Dictionary<int, float[]> _rows = [];

    public TableEntry Entry => entry;

    public long MaterializedRows => _rows.Count;

    public void Read(ReadOnlySpan<int> rows, Span<float> values_ND)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var values_D = values_ND.Slice(i * entry.Dim, entry.Dim);
            if (_rows.TryGetValue(rows[i], out var known))
                known.AsSpan(0, entry.Dim).CopyTo(values_D);
            else
                Draw(rows[i], values_D);
        }
    }

    public void Update(ReadOnlySpan<int> rows, ReadOnlySpan<float> gradients_ND, int step, double rateFactor)
    {
        var d = entry.Dim;
        for (var i = 0; i < rows.Length; i++)
        {
            if (!_rows.TryGetValue(rows[i], out var row))
            {
                _rows[rows[i]] = row = new float[3 * d];
                Draw(rows[i], row.AsSpan(0, d));
            }
            for (var k = 0; k < d; k++)
            {
                var g = gradients_ND[i * d + k];
                var m = row[d + k] = 0.9f * row[d + k] + 0.1f * g;
                var v = row[2 * d + k] = 0.999f * row[2 * d + k] + 0.001f * g * g;
                row[k] -= (float)(0.001 * rateFactor * Math.Sqrt(1 - Math.Pow(0.999, step)) / (1 - Math.Pow(0.9, step))) * m / (MathF.Sqrt(v) + 1e-8f);
            }
        }
    }

    private void Draw(int row, Span<float> values_D)
    {
        var random = new StableRandom(StableHash.Mix(seed, StableHash.Of(entry.Name), (ulong)row));
        foreach (ref var value in values_D)
            value = (float)(entry.InitialScale * random.NextNormal());
    }
}
