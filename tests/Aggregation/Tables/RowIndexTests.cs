using CsCheck;
using DistMtl.Aggregation.Tables;

namespace DistMtl.Aggregation.Tests.Tables;

public sealed class RowIndexTests
{
    [Theory]
    [InlineData(1000)]
    [InlineData(RowIndex.DirectRows + 1)]
    [InlineData(int.MaxValue)]
    public void It_finds_what_a_dictionary_finds(int rows)
    {
        var row = Gen.OneOf(Gen.Int[0, Math.Min(rows - 1, 2000)], Gen.Int[Math.Max(0, rows - 50), rows - 1], Gen.Int[0, rows / 64].Select(n => n * 64));
        Gen.Select(row, Gen.Int[0, 2]).Array[1, 3000].Sample(acts =>
        {
            var (index, known, slot) = (RowIndex.Create(rows), new Dictionary<int, int>(), 0);
            foreach (var (row, act) in acts)
            {
                if (act == 0 && known.Remove(row))
                    index.Remove(row);
                else if (act > 0 && known.TryAdd(row, slot))
                    index.Add(row, slot++);
            }
            int[] asked = [.. acts.Select(act => act.Item1), 0, rows - 1];
            var slots = new int[asked.Length];
            index.Find(asked, slots);
            Assert.Equal(asked.Select(row => known.TryGetValue(row, out var slot) ? slot : RowIndex.None), slots);
        }, iter: 50);
    }

    [Fact]
    public void It_grows_with_what_is_in_it_whatever_the_order()
    {
        var index = RowIndex.Create(int.MaxValue);
        for (var i = 0; i < 100_000; i++)
            index.Add((int)((uint)i * 40_503u % int.MaxValue), i);
        var slots = new int[100_000];
        index.Find([.. Enumerable.Range(0, 100_000).Select(i => (int)((uint)i * 40_503u % int.MaxValue))], slots);
        Assert.Equal(Enumerable.Range(0, 100_000), slots);
    }
}
