using System.Buffers;
using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The sums that this worker has computed in the latest step of a run, kept until its next step begins: where another worker is
/// lost in the midst of a step, those who are left send theirs again in the next generation, and only what is missing is computed.
/// They are a step's, whatever the generation, for the same step of the same run has the same parameters. Thread-safe.
/// </summary>
internal sealed class KeptSums
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TreeNode, KeptSum> _sums = [];
    private string? _run;
    private int _version;
    private float[]? _coefficients_T;

    /// <summary>Lets go of what is of another run or step.</summary>
    public void Begin(string run, WorkHeader work)
    {
        lock (_gate)
        {
            if (IsOf(run, work))
                return;
            Drop();
            (_run, _version, _coefficients_T) = (run, work.Version, work.Coefficients_T);
        }
    }

    /// <summary>Takes over a subtree's sum, which nobody writes to from now on.</summary>
    public void Keep(string run, WorkHeader work, TreeNode node, KeptSum sum)
    {
        lock (_gate)
        {
            // What a generation that is over still computes may be of a step that is over, too.
            if (IsOf(run, work))
                _sums[node] = sum;
        }
    }

    /// <summary>Gives away the largest subtrees of a node that are there.</summary>
    /// <param name="shards">S, the data shards of the job.</param>
    /// <returns>None has a shard of another one; the caller may write to them.</returns>
    public IReadOnlyList<(TreeNode Node, KeptSum Sum)> Take(string run, WorkHeader work, TreeNode node, int shards)
    {
        lock (_gate)
        {
            var taken = new List<(TreeNode Node, KeptSum Sum)>();
            if (!IsOf(run, work))
                return taken;
            var whole = node.Shards(shards);
            foreach (var (part, sum) in _sums.OrderByDescending(kept => kept.Key.Level).ToList())
            {
                var range = part.Shards(shards);
                if (range.Start < whole.Start || range.End > whole.End || taken.Any(other => Overlap(other.Node.Shards(shards), range)))
                    continue;
                taken.Add((part, sum));
                _sums.Remove(part);
            }
            return taken;
        }
    }

    /// <summary>No generation of the run is here any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            Drop();
            _run = null;
        }
    }

    private static bool Overlap(ShardRange one, ShardRange other) => one.Start < other.End && other.Start < one.End;

    private bool IsOf(string run, WorkHeader work) =>
        _run == run && _version == work.Version && _coefficients_T.AsSpan().SequenceEqual(work.Coefficients_T);

    private void Drop()
    {
        foreach (var sum in _sums.Values)
            ArrayPool<float>.Shared.Return(sum.Sum.Gradients);
        _sums.Clear();
    }
}

/// <param name="Touched">Rows of the sparse tables that <paramref name="Sum"/> has gradients of.</param>
/// <param name="Sum">Its buffer is pooled.</param>
internal sealed record KeptSum(RowLists Touched, PartialSum Sum);
