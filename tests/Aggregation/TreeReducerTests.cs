using System.Runtime.InteropServices;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tests;

public sealed class TreeReducerTests
{
    private const int Length = 21;

    private static readonly StepTotals None = new([], [], 0, []);

    [Fact]
    public void The_root_has_the_same_bits_for_every_division_into_workers_and_every_order_of_arrival()
    {
        for (var shards = 1; shards <= 40; shards++)
        {
            var expected = Recursive(TreeNode.Root(shards), shards);
            for (var trial = 0; trial < 12; trial++)
            {
                var random = new StableRandom(StableHash.Mix((ulong)shards, (ulong)trial));
                var workers = Divide(shards, ref random);
                var coordinator = new TreeReducer(shards);
                var sent = new List<(TreeNode Node, PartialSum Sum)>();
                foreach (var range in workers)
                {
                    var worker = new TreeReducer(shards);
                    foreach (var i in random.Permutation(range.Count))
                        worker.Add(TreeNode.Leaf(range.Start + i), Leaf(range.Start + i));
                    sent.AddRange(worker.Pending);
                }
                foreach (var i in random.Permutation(sent.Count))
                    coordinator.Add(sent[i].Node, sent[i].Sum);
                Assert.True(coordinator.IsComplete);
                Assert.Empty(coordinator.MissingShards);
                AssertSameBits(expected, coordinator.Root);
            }
        }
    }

    [Fact]
    public void A_worker_sends_the_largest_whole_subtrees_it_owns()
    {
        var worker = new TreeReducer(8);
        for (var shard = 1; shard < 7; shard++)
            worker.Add(TreeNode.Leaf(shard), Leaf(shard));
        Assert.Equal([new TreeNode(0, 1), new(1, 1), new(1, 2), new(0, 6)], worker.Pending.Select(p => p.Node));
    }

    [Fact]
    public void A_missing_right_side_passes_the_left_one_through()
    {
        var reducer = new TreeReducer(5);
        reducer.Add(TreeNode.Leaf(4), Leaf(4));
        Assert.Equal(new TreeNode(2, 1), reducer.Pending.Single().Node);
        Assert.Equal(new ShardRange(4, 5), new TreeNode(2, 1).Shards(5));
    }

    [Fact]
    public void One_shard_is_its_own_root()
    {
        var reducer = new TreeReducer(1);
        var leaf = Leaf(0);
        reducer.Add(TreeNode.Leaf(0), leaf);
        Assert.Same(leaf, reducer.Root);
    }

    [Fact]
    public void A_shard_counts_once()
    {
        var reducer = new TreeReducer(6);
        reducer.Add(TreeNode.Leaf(2), Leaf(2));
        reducer.Add(TreeNode.Leaf(3), Leaf(3));
        var error = Assert.Throws<ArgumentException>(() => reducer.Add(TreeNode.Leaf(3), Leaf(3)));
        Assert.Contains("shard 3 was counted already", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => reducer.Add(new TreeNode(2, 0), Leaf(0)));
        // The refused subtree left no trace: its other shards can still come.
        reducer.Add(new TreeNode(1, 0), Leaf(0));
        Assert.Equal([4, 5], reducer.MissingShards);
    }

    [Fact]
    public void A_leaf_that_is_there_is_known_also_when_it_has_been_added_up()
    {
        var reducer = new TreeReducer(6);
        reducer.Add(TreeNode.Leaf(2), Leaf(2));
        reducer.Add(TreeNode.Leaf(3), Leaf(3));
        Assert.True(reducer.HasLeaf(TreeNode.Leaf(2)) && reducer.HasLeaf(TreeNode.Leaf(3)));
        Assert.False(reducer.HasLeaf(TreeNode.Leaf(4)) || reducer.HasLeaf(new TreeNode(1, 1)) || reducer.HasLeaf(TreeNode.Leaf(6)) || reducer.HasLeaf(TreeNode.Leaf(-1)));
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(0, -1)]
    [InlineData(-1, 0)]
    [InlineData(4, 0)]
    [InlineData(2, 2)]
    public void A_node_outside_the_tree_is_refused(int level, int index) =>
        Assert.Throws<ArgumentException>(() => new TreeReducer(6).Add(new TreeNode(level, index), Leaf(0)));

    [Fact]
    public void An_incomplete_sum_names_what_is_missing()
    {
        var reducer = new TreeReducer(4);
        reducer.Add(new TreeNode(1, 0), Leaf(0));
        Assert.False(reducer.IsComplete);
        var error = Assert.Throws<InvalidOperationException>(() => reducer.Root);
        Assert.Contains("shards 2, 3 are missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_right_sum_is_released_once_and_the_root_is_not()
    {
        var released = new List<PartialSum>();
        var reducer = new TreeReducer(7, released.Add);
        for (var shard = 6; shard >= 0; shard--)
            reducer.Add(TreeNode.Leaf(shard), Leaf(shard));
        Assert.Equal(6, released.Distinct().Count());
        Assert.DoesNotContain(reducer.Root, released);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(40, 6)]
    public void The_root_is_the_lowest_node_over_all_shards(int shards, int level) =>
        Assert.Equal(new TreeNode(level, 0), TreeNode.Root(shards));

    [Fact]
    public void Sums_and_counts_of_the_root_are_those_of_all_shards()
    {
        var root = Recursive(TreeNode.Root(9), 9);
        Assert.Equal(Enumerable.Range(0, 9).Sum(shard => 10 + shard), root.Totals.Rows);
        Assert.Equal(Enumerable.Range(0, 9).Sum(shard => (long)shard), root.Totals.Labels_T[0]);
        Assert.Equal(Enumerable.Range(0, 9).Sum(shard => shard + 1L), root.Totals.NextLabels_T[1]);
    }

    [Fact]
    public void Sums_of_different_shape_are_not_added()
    {
        var wide = new PartialSum(new float[3], 3, new StepTotals([0], [0], 1, [0]));
        var narrow = new PartialSum(new float[3], 2, new StepTotals([0], [0], 1, [0]));
        Assert.Throws<ArgumentException>(() => wide.Add(narrow));
    }

    [Fact]
    public void What_a_pooled_buffer_has_at_its_end_is_left_alone()
    {
        var left = new PartialSum([1, 2, 7], 2, None);
        left.Add(new PartialSum([10, 20, 30, 40], 2, None));
        Assert.Equal([11, 22, 7], left.Gradients);
    }

    private static List<ShardRange> Divide(int shards, ref StableRandom random)
    {
        var ranges = new List<ShardRange>();
        for (var start = 0; start < shards;)
        {
            var end = start + 1 + random.Next(shards - start);
            ranges.Add(new(start, end));
            start = end;
        }
        return ranges;
    }

    /// <summary>Values whose sum depends on the order of adding, so that a wrong order shows.</summary>
    private static PartialSum Leaf(int shard)
    {
        var random = new StableRandom((ulong)shard);
        var gradients = new float[Length + 3];
        for (var i = 0; i < gradients.Length; i++)
            gradients[i] = (float)(random.NextNormal() * Math.Pow(10, random.Next(7) - 3));
        return new PartialSum(gradients, Length, new StepTotals([random.NextNormal(), random.NextNormal()], [shard, 1], 10 + shard, [1, shard + 1]));
    }

    /// <summary>The definition, read literally.</summary>
    private static PartialSum Recursive(TreeNode node, int shards)
    {
        if (node.Level == 0)
            return Leaf(node.Index);
        var left = Recursive(new(node.Level - 1, node.Index * 2), shards);
        var right = new TreeNode(node.Level - 1, node.Index * 2 + 1);
        if (right.Shards(shards).Count > 0)
            left.Add(Recursive(right, shards));
        return left;
    }

    private static void AssertSameBits(PartialSum expected, PartialSum actual)
    {
        Assert.True(MemoryMarshal.AsBytes(expected.GradientSpan).SequenceEqual(MemoryMarshal.AsBytes(actual.GradientSpan)));
        Assert.Equal(expected.Totals.LossSums_T.Select(BitConverter.DoubleToInt64Bits), actual.Totals.LossSums_T.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal(expected.Totals.Labels_T, actual.Totals.Labels_T);
        Assert.Equal(expected.Totals.NextLabels_T, actual.Totals.NextLabels_T);
        Assert.Equal(expected.Totals.Rows, actual.Totals.Rows);
    }
}
