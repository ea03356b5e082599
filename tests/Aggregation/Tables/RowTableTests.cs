using CsCheck;
using DistMtl.Aggregation.Tables;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Tables;

public sealed class RowTableTests
{
    public static TheoryData<RowOptimizerKind, int, int?> Kinds
    {
        get
        {
            var kinds = new TheoryData<RowOptimizerKind, int, int?>();
            foreach (var kind in Enum.GetValues<RowOptimizerKind>())
            {
                kinds.Add(kind, 1, null);
                kinds.Add(kind, 3, null);
                kinds.Add(kind, 1, 15);
                kinds.Add(kind, 2, 15);
            }
            return kinds;
        }
    }

    private static RowSettings Settings(RowOptimizerKind kind, int admission, int? expiry) =>
        SomeTable.Settings(kind) with { Admission = admission, Expiry = expiry };

    [Fact]
    public void Reading_stores_nothing_and_training_stores_what_it_touches()
    {
        var table = SomeTable.Create(SomeTable.Adam, 100_000_000, 16);
        var before = SomeTable.Read(table, 0, 5, 99_999_999);
        Assert.Equal(0, table.MaterializedRows);

        SomeTable.Update(table, 1, 5);

        var after = SomeTable.Read(table, 0, 5, 99_999_999);
        Assert.Equal(1, table.MaterializedRows);
        Assert.Equal(before[..16], after[..16]);
        Assert.Equal(before[32..], after[32..]);
        Assert.All(Enumerable.Range(16, 16), i => Assert.NotEqual(before[i], after[i]));
    }

    [Fact]
    public void A_hundred_million_rows_take_the_memory_of_those_that_were_touched()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var table = SomeTable.Create(Settings(RowOptimizerKind.Adam, 2, 1000), 100_000_000, 16);
        SomeTable.Run(table, 1, 50);

        // A chunk of a MiB holds them all; the rest are the gradients. Of this thread alone: other tests run beside it.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1 << 20, 4 << 20);
    }

    [Fact]
    public void Rows_and_numbers_that_do_not_fit_are_refused()
    {
        var table = SomeTable.Create(SomeTable.Adam);

        Assert.Throws<ArgumentOutOfRangeException>(() => SomeTable.Read(table, 1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => SomeTable.Read(table, -1));
        Assert.Throws<ArgumentException>(() => table.Read([1, 2], new float[9]));
        Assert.Throws<ArgumentException>(() => table.Update([1, 2], new float[11], 1, 1));
    }

    [Fact]
    public void A_row_that_is_not_admitted_reads_as_zeros_and_then_begins_as_any_other()
    {
        var (table, plain) = (SomeTable.Create(Settings(RowOptimizerKind.Adam, 3, null)), SomeTable.Create(SomeTable.Adam));
        Assert.Equal(new float[5], SomeTable.Read(table, 7));
        SomeTable.Update(table, 1, 7, 8);
        Assert.Equal(new float[5], SomeTable.Read(table, 7));
        SomeTable.Update(table, 2, 7);
        // Its next touch trains it, from what is read now.
        Assert.Equal(SomeTable.Read(plain, 7), SomeTable.Read(table, 7));
        Assert.Equal(0, table.MaterializedRows);
        SomeTable.Update(table, 3, 7);
        SomeTable.Update(plain, 3, 7);

        Assert.Equal(SomeTable.Read(plain, 7), SomeTable.Read(table, 7));
        Assert.Equal(new float[5], SomeTable.Read(table, 8));
        Assert.Equal((1, 1), (table.MaterializedRows, table.Snapshot().Waiting.Length));
    }

    [Fact]
    public void A_row_is_forgotten_after_so_many_steps_without_a_touch()
    {
        var table = SomeTable.Create(Settings(RowOptimizerKind.Adam, 1, 9));
        var fresh = SomeTable.Read(table, 3, 4);
        SomeTable.Update(table, 1, 3, 4);
        for (var step = 2; step < 10; step++)
            SomeTable.Update(table, step, 4);
        Assert.NotEqual(fresh[..5], SomeTable.Read(table, 3));

        SomeTable.Update(table, 10);

        Assert.Equal(fresh[..5], SomeTable.Read(table, 3));
        Assert.NotEqual(fresh[5..], SomeTable.Read(table, 4));
        var (again, late) = (table, SomeTable.Create(Settings(RowOptimizerKind.Adam, 1, 9)));
        SomeTable.Update(again, 11, 3);
        SomeTable.Update(late, 11, 3);
        SomeTable.AssertEqual(late.Snapshot(), again.Snapshot().Where(row => row == 3));
    }

    [Fact]
    public void A_count_of_touches_is_forgotten_too()
    {
        var table = SomeTable.Create(Settings(RowOptimizerKind.Adam, 2, 5));
        SomeTable.Update(table, 1, 3);
        for (var step = 2; step <= 6; step++)
            SomeTable.Update(table, step);
        SomeTable.Update(table, 7, 3);

        Assert.Equal(0, table.MaterializedRows);
        Assert.Equal([1], table.Snapshot().Touches_M);
    }

    [Fact]
    public void Long_expiries_are_looked_for_now_and_then()
    {
        var table = SomeTable.Create(Settings(RowOptimizerKind.Sgd, 1, 100));
        SomeTable.Update(table, 1, 3);
        for (var step = 2; step < 110; step++)
            SomeTable.Update(table, step);
        Assert.Equal(1, table.MaterializedRows);

        SomeTable.Update(table, 110);

        Assert.Equal(0, table.MaterializedRows);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_table_restored_anywhere_goes_on_to_the_same_bits(RowOptimizerKind kind, int admission, int? expiry)
    {
        var settings = Settings(kind, admission, expiry);
        var whole = SomeTable.Create(settings);
        SomeTable.Run(whole, 1, 50);
        for (var stop = 0; stop < 50; stop += 7)
        {
            var first = SomeTable.Create(settings);
            SomeTable.Run(first, 1, stop);
            var second = SomeTable.Create(settings);
            // What it held before does not matter.
            SomeTable.Run(second, 1, 3);
            second.Restore(first.Snapshot());
            Assert.True(second.TakeChanges().IsEmpty);
            SomeTable.Run(second, stop + 1, 50);
            SomeTable.AssertEqual(whole.Snapshot(), second.Snapshot());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Changes_one_after_another_make_the_whole(RowOptimizerKind kind, int admission, int? expiry) =>
        Gen.Int[1, 9].Array[1, 12].Sample(lengths =>
        {
            var table = SomeTable.Create(Settings(kind, admission, expiry));
            var sum = table.Snapshot();
            var (empty, step) = (sum, 0);
            TableRows? all = null;
            foreach (var length in lengths)
            {
                SomeTable.Run(table, step + 1, step += length);
                var changes = table.TakeChanges();
                Assert.Empty(changes.Forgotten.Intersect(changes.Rows).Union(changes.Rows.Intersect(changes.Waiting)));
                Assert.InRange(changes.Rows.Length + changes.Waiting.Length, 1, 40 * length);
                sum = sum.With(changes);
                SomeTable.AssertEqual(table.Snapshot(), sum);
                all = all?.Then(changes) ?? changes;
                SomeTable.AssertEqual(sum, empty.With(all));
            }
            Assert.True(table.TakeChanges().IsEmpty);
        }, iter: 20);

    [Fact]
    public void Rows_of_another_table_or_rule_are_refused()
    {
        var table = SomeTable.Create(SomeTable.Adam);
        SomeTable.Run(table, 1, 5);
        var content = table.Snapshot();
        TableRows[] wrong =
        [
            content with { Name = "embedding.item" },
            content with { Dim = 6 },
            content with { State = new Dictionary<string, float[]> { ["sum"] = content.Values_ND } },
            content with { Values_ND = content.Values_ND[1..] },
            content with { Rows = [.. content.Rows.Reverse()] },
            content with { Rows = [.. content.Rows[..^1], 1000] },
            content with { LastSteps_N = content.Rows },
            content with { Waiting = [999], Touches_M = [1] },
            content with { Forgotten = [999] },
        ];
        Assert.All(wrong, rows => Assert.Contains("embedding.", Assert.Throws<InvalidDataException>(() => table.Restore(rows)).Message, StringComparison.Ordinal));
        table.Restore(content);
    }
}
