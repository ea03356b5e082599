using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tests.Tables;

public sealed class InitialRowsTests
{
    private const int Count = 20_000;

    private static readonly RowTable Table = SomeTable.Create(SomeTable.Adam, 100_000_000, 16);

    [Fact]
    public void They_are_the_same_bits_on_every_machine()
    {
        // Recorded; computed anew below, element by element.
        Assert.Equal([.. Enumerable.Range(0, 16).Select(d => Element(12_345_678, d))], SomeTable.Read(Table, 12_345_678));
        Assert.Equal(Recorded, SomeTable.Read(Table, 0, 99_999_999).Where((_, i) => i % 16 < 2).Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void A_row_of_any_width_begins_with_the_same_numbers()
    {
        for (var dim = 1; dim < 40; dim++)
        {
            var table = SomeTable.Create(SomeTable.Adam, 100, dim);
            Assert.Equal([.. Enumerable.Range(0, dim).Select(d => Element(7, d))], SomeTable.Read(table, 7));
        }
    }

    [Fact]
    public void They_have_the_moments_of_a_normal_distribution_but_for_its_tails()
    {
        var values = SomeTable.Read(Table, [.. Enumerable.Range(0, Count).Select(i => i * 4999)]).Select(value => value / 0.05).ToArray();

        Assert.Equal(0, values.Average(), 0.006);
        Assert.Equal(1, values.Average(value => value * value), 0.01);
        Assert.Equal(0, values.Average(value => value * value * value), 0.03);
        // Of the sum of four uniform numbers: 3 - 1.2 / 4.
        Assert.Equal(2.7, values.Average(value => value * value * value * value), 0.05);
        Assert.InRange(values.Max(), 3, 3.47);
        // Within one standard deviation: 0.6827 for a normal distribution.
        Assert.Equal(0.68, values.Count(value => Math.Abs(value) < 1) / (double)values.Length, 0.02);
    }

    [Fact]
    public void Elements_rows_tables_and_seeds_have_nothing_in_common()
    {
        int[] rows = [.. Enumerable.Range(1, Count)];
        var values = SomeTable.Read(Table, rows);

        Assert.InRange(Correlation(values.AsSpan(..^16), values.AsSpan(16..)), -0.01, 0.01);
        Assert.InRange(Correlation(values.AsSpan(..^1), values.AsSpan(1..)), -0.01, 0.01);
        Assert.InRange(Correlation(values, SomeTable.Read(new RowTable(Table.Entry, 10, SomeTable.Adam), rows)), -0.01, 0.01);
        Assert.InRange(Correlation(values, SomeTable.Read(new RowTable(Table.Entry with { Name = "embedding.item" }, 9, SomeTable.Adam), rows)), -0.01, 0.01);
        Assert.Equal(Count, Enumerable.Range(0, Count).Select(n => (values[n * 16], values[n * 16 + 1])).Distinct().Count());
    }

    private static readonly int[] Recorded = [1035178322, -1122399270, 1028429071, 1014290647];

    /// <summary>The definition, one number at a time.</summary>
    private static float Element(int row, int d)
    {
        var key = StableHash.Mix(SomeTable.Seed, StableHash.Of("embedding.user")) + (ulong)row * 0x9E3779B97F4A7C15;
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9;
        key = (key ^ (key >> 27)) * 0x94D049BB133111EB;
        key ^= key >> 31;
        var (a, b) = (Mix((uint)key + (uint)d * 0x9E3779B9), Mix((uint)(key >> 32) + (uint)d * 0x9E3779B9));
        var sum = (a & 0xFFFF) + (a >> 16) + (b & 0xFFFF) + (b >> 16);
        return (int)(sum - 131_070) * (float)(0.05f / Math.Sqrt(4 * (65536.0 * 65536 - 1) / 12));
    }

    private static uint Mix(uint z)
    {
        z = (z ^ (z >> 16)) * 0x7FEB352D;
        z = (z ^ (z >> 15)) * 0x846CA68B;
        return z ^ (z >> 16);
    }

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i] / (0.05 * 0.05);
        return sum / a.Length;
    }
}
