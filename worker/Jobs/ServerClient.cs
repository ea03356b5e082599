using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// A worker's side of the parameter servers: asks for the rows of its next step while the present one computes, collects
/// slices and rows as they come, and sends its gradients.
/// </summary>
/// <param name="servers">The connection of each server; several may share one.</param>
internal sealed class ServerClient(long generation, IReadOnlyList<TensorConnection> servers, ParameterSlices slices, GradientShape shape, TableShape tables, int parameterCount)
{
    private readonly int[] _sliceVersions = [.. Enumerable.Repeat(-1, slices.Count)];
    private readonly Dictionary<TreeNode, PendingRows> _rows = [];
    private readonly ConcurrentDictionary<int, PendingPull> _pulls = [];
    private int _requests;

    /// <summary>P numbers of the version that <see cref="HasParameters"/> says.</summary>
    public float[] Parameters_P { get; } = GC.AllocateArray<float>(parameterCount, pinned: true);

    public bool HasParameters(int version) => Array.TrueForAll(_sliceVersions, have => have == version);

    /// <summary>Whether all rows that a step touches are here.</summary>
    public bool HasRows(StepBatch batch) =>
        tables.Tables.IsEmpty || batch.Nodes.All(node => _rows.TryGetValue(node.Node, out var rows) && rows.Version == batch.Version && rows.IsComplete);

    public ReadOnlyMemory<float> Rows(TreeNode node) => tables.Tables.IsEmpty ? default : _rows[node].Values.AsMemory(0, _rows[node].Length);

    /// <summary>Asks for all rows of a step.</summary>
    public async Task RequestAsync(StepBatch batch, CancellationToken cancellation)
    {
        if (tables.Tables.IsEmpty)
            return;
        foreach (var node in batch.Nodes)
        {
            var partition = RowPartition.Split(node.Touched, servers.Count);
            lock (_rows)
                _rows[node.Node] = new PendingRows(batch.Version, partition, new float[tables.ValuesLength(node.Touched)], tables.ValuesLength(node.Touched));
            for (var server = 0; server < servers.Count; server++)
                await SendPullAsync(server, batch.Version, node.Node.Level, node.Node.Index, partition.Parts[server], cancellation);
        }
    }

    /// <summary>The present values of some rows, for a prediction.</summary>
    public async Task<ReadOnlyMemory<float>> PullAsync(int version, RowLists rows, CancellationToken cancellation)
    {
        var request = Interlocked.Increment(ref _requests);
        var partition = RowPartition.Split(rows, servers.Count);
        var pull = new PendingPull(new PendingRows(version, partition, new float[tables.ValuesLength(rows)], tables.ValuesLength(rows)));
        _pulls[request] = pull;
        for (var server = 0; server < servers.Count; server++)
            await SendPullAsync(server, version, PullHeader.Prediction, request, partition.Parts[server], cancellation);
        var values = await pull.Done.Task.WaitAsync(cancellation);
        _pulls.TryRemove(request, out _);
        return values.Values.AsMemory(0, values.Length);
    }

    public void OnSlice(Frame frame)
    {
        var header = frame.Header<SliceHeader>();
        if (header.Generation != generation)
            return;
        var slice = slices[header.Slice];
        if (frame.Payload.ByteCount != slice.Length * sizeof(float))
            throw new FrameException($"slice {header.Slice} came with {frame.Payload.ByteCount} bytes where it has {slice.Length * sizeof(float)}");
        frame.Payload.Numbers.CopyTo(Parameters_P.AsSpan(slice.Offset, slice.Length));
        _sliceVersions[header.Slice] = header.Version;
    }

    public void OnRows(Frame frame)
    {
        var header = frame.Header<RowsHeader>();
        if (header.Generation != generation)
            return;
        if (header.Level == PullHeader.Prediction)
        {
            if (_pulls.TryGetValue(header.Index, out var pull) && pull.Rows.Add(tables, header.Server, frame.Payload.Numbers))
                pull.Done.TrySetResult(pull.Rows);
            return;
        }
        lock (_rows)
        {
            if (_rows.TryGetValue(new TreeNode(header.Level, header.Index), out var rows) && rows.Version == header.Version)
                rows.Add(tables, header.Server, frame.Payload.Numbers);
        }
    }

    /// <summary>Sends the gradients of one subtree to the servers that own their parameters.</summary>
    public async Task SendAsync(int version, NodeBatch batch, PartialSum sum, CancellationToken cancellation)
    {
        for (var i = 0; i < slices.Count; i++)
        {
            var header = new GradientHeader(generation, version, i, batch.Node.Level, batch.Node.Index);
            using var gradient = Gather(sum.Gradients, slices.Segments(shape, i));
            await servers[slices.ServerOf(i, servers.Count)].SendAsync(FrameKind.Gradient, header, gradient.Bytes, cancellation);
        }
        if (tables.Tables.IsEmpty)
            return;
        var partition = RowPartition.Split(batch.Touched, servers.Count);
        for (var server = 0; server < servers.Count; server++)
        {
            var header = new RowGradientHeader(generation, version, server, batch.Node.Level, batch.Node.Index);
            var length = tables.GradientsLength(partition.Parts[server]);
            if (servers.Count == 1)
            {
                using var whole = TensorBuffer.Borrow(sum.Gradients, sum.Length);
                await servers[0].SendAsync(FrameKind.RowGradients, header, whole.Bytes[(shape.Length * sizeof(float))..], cancellation);
                continue;
            }
            using var part = TensorBuffer.Rent((long)length * sizeof(float));
            partition.Gather(tables, server, table => tables.Copies(table) * table.Dim, sum.GradientSpan[shape.Length..], part.Numbers);
            await servers[server].SendAsync(FrameKind.RowGradients, header, part.Bytes, cancellation);
        }
    }

    private async Task SendPullAsync(int server, int version, int level, int index, RowLists rows, CancellationToken cancellation)
    {
        var header = new PullHeader(generation, version, server, level, index, [.. rows.Lists.Select(list => list.Length)]);
        var numbers = new byte[rows.Count * sizeof(int)];
        var offset = 0;
        foreach (var list in rows.Lists)
        {
            MemoryMarshal.AsBytes(list.AsSpan()).CopyTo(numbers.AsSpan(offset));
            offset += list.Length * sizeof(int);
        }
        await servers[server].SendAsync(FrameKind.Pull, header, numbers, cancellation);
    }

    private static TensorBuffer Gather(float[] gradients, IReadOnlyList<(int Offset, int Length)> segments)
    {
        var part = TensorBuffer.Rent(segments.Sum(segment => (long)segment.Length) * sizeof(float));
        var start = 0;
        foreach (var (offset, length) in segments)
        {
            gradients.AsSpan(offset, length).CopyTo(part.Numbers[start..]);
            start += length;
        }
        return part;
    }

    private sealed record PendingPull(PendingRows Rows)
    {
        public TaskCompletionSource<PendingRows> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Values that arrive server by server.</summary>
    private sealed record PendingRows(int Version, RowPartition Partition, float[] Values, int Length)
    {
        private int _missing = Partition.Parts.Length;

        public bool IsComplete => _missing == 0;

        /// <returns>Whether all are there now.</returns>
        public bool Add(TableShape tables, int server, ReadOnlySpan<float> part)
        {
            Partition.Scatter(tables, server, table => table.Dim, part, Values.AsSpan(0, Length));
            return --_missing == 0;
        }
    }
}
