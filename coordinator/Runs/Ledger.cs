using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace DistMtl.Coordinator.Runs;

/// <summary>One line of <c>ledger.csv</c>.</summary>
/// <param name="Epoch">1 for the first.</param>
/// <param name="Rows">Training rows that the shard has.</param>
/// <param name="Counted">Rows of it that went into applied steps of this epoch; equal to Rows when the epoch is complete.</param>
internal readonly record struct LedgerRow(int Epoch, int Shard, long Rows, long Counted);

/// <summary>
/// Shows that each row counts once per epoch: adds up the rows of every applied step. A value: adding gives a new ledger,
/// so that a checkpoint may keep this one while training goes on.
/// </summary>
internal sealed class Ledger
{
    private readonly ImmutableArray<long> _rowsOfShard;
    private readonly ImmutableSortedDictionary<(int Epoch, int Shard), long> _counted;

    private Ledger(ImmutableArray<long> rowsOfShard, ImmutableSortedDictionary<(int Epoch, int Shard), long> counted)
    {
        _rowsOfShard = rowsOfShard;
        _counted = counted;
    }

    /// <summary>The ledger of a run that has made no step.</summary>
    /// <param name="rowsOfShard">Training rows of each shard.</param>
    public static Ledger Create(IEnumerable<long> rowsOfShard) =>
        new([.. rowsOfShard], ImmutableSortedDictionary<(int Epoch, int Shard), long>.Empty);

    /// <summary>The ledger that <see cref="ToRows"/> was asked of.</summary>
    /// <param name="rowsOfShard">Training rows of each shard, from the data as they are now.</param>
    /// <exception cref="ArgumentException">A row names a shard that is not there, or one of another size.</exception>
    public static Ledger FromRows(IEnumerable<long> rowsOfShard, IEnumerable<LedgerRow> rows)
    {
        var ledger = Create(rowsOfShard);
        foreach (var row in rows)
        {
            if (row.Shard < 0 || row.Shard >= ledger._rowsOfShard.Length || ledger._rowsOfShard[row.Shard] != row.Rows)
            {
                throw new ArgumentException(
                    $"the ledger has {row.Rows} rows in shard {row.Shard}, the data have not", nameof(rows));
            }
            ledger = ledger.Add(row.Epoch, row.Shard, row.Counted);
        }
        return ledger;
    }

    /// <summary>Counts rows of one shard that went into an applied step.</summary>
    public Ledger Add(int epoch, int shard, long rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (shard < 0 || shard >= _rowsOfShard.Length)
            throw new ArgumentOutOfRangeException(nameof(shard), shard, $"there are {_rowsOfShard.Length} shards");
        return new Ledger(_rowsOfShard, _counted.SetItem((epoch, shard), _counted.GetValueOrDefault((epoch, shard)) + rows));
    }

    /// <summary>All shards of all epochs begun, by epoch, then shard.</summary>
    public IReadOnlyList<LedgerRow> ToRows()
    {
        var rows = new List<LedgerRow>();
        foreach (var epoch in _counted.Keys.Select(key => key.Epoch).Distinct())
        {
            for (var shard = 0; shard < _rowsOfShard.Length; shard++)
                rows.Add(new LedgerRow(epoch, shard, _rowsOfShard[shard], _counted.GetValueOrDefault((epoch, shard))));
        }
        return rows;
    }

    public string ToCsv()
    {
        var csv = new StringBuilder("epoch,shard,rows,counted\n");
        foreach (var row in ToRows())
            csv.Append(CultureInfo.InvariantCulture, $"{row.Epoch},{row.Shard},{row.Rows},{row.Counted}\n");
        return csv.ToString();
    }

    public void Write(string path) => AtomicFile.WriteText(path, ToCsv());
}
