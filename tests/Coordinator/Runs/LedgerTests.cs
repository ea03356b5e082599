using DistMtl.Coordinator.Runs;

namespace DistMtl.Coordinator.Tests.Runs;

public sealed class LedgerTests
{
    [Fact]
    public void Rows_add_up_by_epoch_and_shard()
    {
        var ledger = Ledger.Create([5, 7]).Add(1, 0, 2).Add(1, 1, 7).Add(1, 0, 3).Add(2, 1, 4);

        Assert.Equal("epoch,shard,rows,counted\n1,0,5,5\n1,1,7,7\n2,0,5,0\n2,1,7,4\n", ledger.ToCsv());
    }

    [Fact]
    public void A_ledger_kept_by_a_checkpoint_does_not_change_afterwards()
    {
        var kept = Ledger.Create([5]).Add(1, 0, 2);
        kept.Add(1, 0, 3);

        Assert.Equal([new LedgerRow(1, 0, 5, 2)], kept.ToRows());
    }

    [Fact]
    public void A_ledger_from_its_rows_goes_on_where_it_was()
    {
        var ledger = Ledger.Create([5, 7]).Add(1, 0, 2);
        var again = Ledger.FromRows([5, 7], ledger.ToRows());

        Assert.Equal(ledger.Add(1, 1, 7).ToCsv(), again.Add(1, 1, 7).ToCsv());
    }

    [Fact]
    public void Rows_of_other_data_are_refused()
    {
        var rows = Ledger.Create([5, 7]).Add(1, 0, 2).ToRows();

        Assert.Throws<ArgumentException>(() => Ledger.FromRows([5], rows));
        Assert.Throws<ArgumentException>(() => Ledger.FromRows([5, 8], rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ledger.Create([5]).Add(1, 1, 2));
    }
}
