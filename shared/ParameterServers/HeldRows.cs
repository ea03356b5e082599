using System.Buffers;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Protocol;

namespace DistMtl.ParameterServers;

/// <summary>
/// The gradients of every task by the table rows of one subtree, which its worker holds back until the tasks are weighed
/// (<see cref="ServerShape.HoldsRows"/>). They are combined shard by shard and only then added up, in the order of the tree,
/// so that the division of the shards among workers leaves no trace in the bits. Not thread-safe.
/// </summary>
/// <param name="shape">Of gradients of every task.</param>
/// <param name="rows">That the subtree touches.</param>
/// <param name="shards">S, the data shards of the job.</param>
public sealed class HeldRows(TableShape shape, RowLists rows, int shards)
{
    private readonly List<ShardRows> _held = [];
    private readonly int _length = (shape with { IsPerTask = false }).GradientsLength(rows);

    /// <summary>Takes a copy of one shard's gradients: of those rows that have some, which are few beside all of the subtree.</summary>
    /// <param name="gradients">As the shape lays out the subtree's rows.</param>
    public void Add(int shard, ReadOnlySpan<float> gradients)
    {
        var (places, numbers) = (ImmutableArray.CreateBuilder<int[]>(shape.Tables.Length), 0);
        var rest = gradients;
        foreach (var table in shape.Tables)
        {
            var (count, width) = (rows.Lists[table.RowList].Length, Width(table));
            places.Add(Touched(rest, count, width));
            numbers += places[^1].Length * width;
            rest = rest[(count * width)..];
        }
        var held = new ShardRows(shard, places.MoveToImmutable(), ArrayPool<float>.Shared.Rent(numbers));
        var target = held.Gradients.AsSpan();
        for (var i = 0; i < shape.Tables.Length; i++)
        {
            var width = Width(shape.Tables[i]);
            foreach (var place in held.Places[i])
            {
                gradients.Slice(place * width, width).CopyTo(target);
                target = target[width..];
            }
            gradients = gradients[(rows.Lists[shape.Tables[i].RowList].Length * width)..];
        }
        _held.Add(held);
    }

    /// <summary>One gradient of each row: the sum over the shards of the weighted sums over the tasks. Gives back what was held.</summary>
    /// <returns>Pooled, laid out as combined gradients travel.</returns>
    public RowSum Combine(TaskCoefficients coefficients)
    {
        var reducer = new TreeReducer<float[]>(shards, (left, right) =>
        {
            TensorPrimitives.Add(left.AsSpan(0, _length), right.AsSpan(0, _length), left);
            ArrayPool<float>.Shared.Return(right);
            return left;
        });
        foreach (var shard in _held)
        {
            reducer.Add(TreeNode.Leaf(shard.Shard), Combine(shard, coefficients));
            ArrayPool<float>.Shared.Return(shard.Gradients);
        }
        _held.Clear();
        return new RowSum(rows, reducer.Pending.Single().Sum);
    }

    private float[] Combine(ShardRows shard, TaskCoefficients coefficients)
    {
        var combined = ArrayPool<float>.Shared.Rent(_length);
        var target = combined.AsSpan(0, _length);
        target.Clear();
        ReadOnlySpan<float> source = shard.Gradients;
        for (var i = 0; i < shape.Tables.Length; i++)
        {
            var (table, width) = (shape.Tables[i], Width(shape.Tables[i]));
            foreach (var place in shard.Places[i])
            {
                var row = target.Slice(place * table.Dim, table.Dim);
                RowUpdate.Combine(source[..width], table, shape.IsPerTask, coefficients, row);
                // What is rounded to -0 would be told from the 0 of a shard that has no such row.
                TensorPrimitives.Add(row, 0f, row);
                source = source[width..];
            }
            target = target[(rows.Lists[table.RowList].Length * table.Dim)..];
        }
        return combined;
    }

    private int Width(TableEntry table) => shape.Copies(table) * table.Dim;

    private static int[] Touched(ReadOnlySpan<float> gradients, int count, int width)
    {
        var places = new List<int>();
        var bits = MemoryMarshal.Cast<float, int>(gradients);
        for (var place = 0; place < count; place++)
        {
            if (bits.Slice(place * width, width).ContainsAnyExcept(0))
                places.Add(place);
        }
        return [.. places];
    }

    /// <param name="Places">By table: which of the subtree's rows are held.</param>
    /// <param name="Gradients">Of these rows, table after table; pooled.</param>
    private sealed record ShardRows(int Shard, ImmutableArray<int[]> Places, float[] Gradients);
}
