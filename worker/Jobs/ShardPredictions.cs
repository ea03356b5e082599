using System.Runtime.InteropServices;
using DistMtl.Data;
using DistMtl.Learning;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// Predictions and labels of one shard's rows of a split, and the rows' groups where the job has some, filled chunk by
/// chunk; regression in the label's standardised unit.
/// </summary>
internal sealed class ShardPredictions : IDisposable
{
    /// <summary>Rows of one forward pass of an evaluation: bounds its memory; fixed, for the bits.</summary>
    private const int ChunkRows = 4096;

    private readonly ShardTrainer _trainer;
    private readonly EncodedRows _rows;

    public ShardPredictions(ShardTrainer trainer, WorkHeader work, int shard)
    {
        _trainer = trainer;
        _rows = trainer.RowsOf(work.Kind, shard);
        var tasks = trainer.Plan.Schema.Tasks;
        int[] widths_T = [.. tasks.Select(task => task.Classes?.Count ?? 1)];
        var length = (long)_rows.Count * (widths_T.Sum() + tasks.Count);
        Buffer = TensorBuffer.Rent(length * sizeof(float) + (_rows.Groups_B is null ? 0 : (long)_rows.Count * sizeof(long)));
        if (_rows.Groups_B is { } groups_B)
            MemoryMarshal.AsBytes(groups_B.AsSpan()).CopyTo(Buffer.GetSpan()[(int)(length * sizeof(float))..]);
        Header = new PredictionsHeader(work.Generation, work.Version, work.Kind, shard, _rows.Count, widths_T, _rows.Groups_B is not null);
    }

    public PredictionsHeader Header { get; }

    public TensorBuffer Buffer { get; }

    /// <summary>The first row of each chunk.</summary>
    public IEnumerable<int> Starts => Enumerable.Range(0, (_rows.Count + ChunkRows - 1) / ChunkRows).Select(chunk => chunk * ChunkRows);

    /// <returns>The rows, their ids places in the touched table rows.</returns>
    public (EncodedRows Rows, RowLists Touched) Chunk(int start)
    {
        var rows = _rows.Gather([.. Enumerable.Range(start, Math.Min(ChunkRows, _rows.Count - start))]);
        var (touched, local) = _trainer.Batches.Touched.Localize([rows]);
        return (local[0], touched);
    }

    /// <summary>Predicts a chunk; on the torch thread.</summary>
    public void Fill(int start, EncodedRows chunk, PulledRows pulled)
    {
        var predictions_T = _trainer.Predict(chunk, pulled);
        var numbers = Buffer.Array;
        var offset = 0;
        for (var task = 0; task < predictions_T.Length; task++)
        {
            var width = Header.Widths_T[task];
            predictions_T[task].CopyTo(numbers.AsSpan(offset + start * width));
            offset += _rows.Count * width;
            for (var b = 0; b < chunk.Count; b++)
                numbers[offset + start + b] = chunk.Labels_BT[b * predictions_T.Length + task];
            offset += _rows.Count;
        }
    }

    public void Dispose() => ((IDisposable)Buffer).Dispose();
}
