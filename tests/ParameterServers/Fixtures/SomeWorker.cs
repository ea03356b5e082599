using System.Runtime.InteropServices;
using System.Threading.Channels;
using DistMtl.Aggregation;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>How a worker reaches the servers.</summary>
internal interface IServerLinks
{
    Task SendAsync<T>(int server, FrameKind kind, T header, byte[] payload);
}

/// <summary>A worker that does all its frames by hand: pulls rows, takes slices, sends gradients.</summary>
internal sealed class SomeWorker(ServerCase @case, ServerShape shape, string name, int[] shards, IServerLinks links)
{
    private readonly int[] _sliceVersions = [.. Enumerable.Repeat(-1, shape.Slices.Count)];
    private readonly Dictionary<(int Version, int Level, int Index), PulledRows> _rows = [];
    private int _requests;

    public string Name => name;

    public IReadOnlyList<int> Shards => shards;

    /// <summary>For everything that it waits for.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>As far as they have been received.</summary>
    public float[] Parameters_P { get; } = new float[@case.First_P.Length];

    /// <summary>Rows that came while the step before was not over.</summary>
    public int RowsAhead { get; private set; }

    public Channel<Frame> Inbox { get; } = Channel.CreateUnbounded<Frame>();

    public IReadOnlyList<TreeNode> Nodes { get; } = TreeNode.Cover(shards, ServerCase.Shards);

    /// <summary>A step's pulls, each to be sent once.</summary>
    public IEnumerable<Func<Task>> Pulls(int version) =>
        Nodes.SelectMany(node => Pull(version, node.Level, node.Index, @case.RowsOf(version, node)));

    /// <summary>A step's gradients, each to be sent once; of what <see cref="ReadyAsync"/> waited for.</summary>
    public IEnumerable<Func<Task>> Gradients(int version)
    {
        foreach (var node in Nodes)
        {
            var rows = _rows[(version, node.Level, node.Index)];
            var gradients = @case.Gradients(version, node, Parameters_P, rows.Values);
            foreach (var slice in shape.Slices.All)
            {
                var payload = Bytes([.. shape.Slices.Segments(shape.Gradient, slice.Index).SelectMany(part => gradients.Flat.AsSpan(part.Offset, part.Length).ToArray())]);
                yield return () => links.SendAsync(
                    shape.Slices.ServerOf(slice.Index, shape.Servers), FrameKind.Gradient,
                    new GradientHeader(shape.Generation, version, slice.Index, node.Level, node.Index), payload);
            }
            if (shape.HoldsRows)
                continue;
            foreach (var send in RowGradients(version, node, gradients.Rows.Gradients))
                yield return send;
        }
    }

    /// <summary>The gradients of rows that were held in a step, each to be sent once.</summary>
    /// <param name="weights">That the tasks have; nothing else is looked at.</param>
    public IEnumerable<Func<Task>> Rows(int version, UpdateOrder weights)
    {
        var coefficients = new TaskCoefficients(weights.Weights_T, weights.Counts_T, weights.OwnWeights_T);
        return Nodes.SelectMany(node =>
        {
            var sum = @case.Held(version, node, Parameters_P, _rows[(version, node.Level, node.Index)].Values).Combine(coefficients);
            return RowGradients(version, node, sum.Gradients[..shape.Tables.GradientsLength(sum.Rows)]);
        });
    }

    private IEnumerable<Func<Task>> RowGradients(int version, TreeNode node, float[] gradients)
    {
        var partition = _rows[(version, node.Level, node.Index)].Partition;
        for (var server = 0; server < shape.Servers; server++)
        {
            var (index, part) = (server, new float[shape.Tables.GradientsLength(partition.Parts[server])]);
            partition.Gather(shape.Tables, server, table => shape.Tables.Copies(table) * table.Dim, gradients, part);
            yield return () => links.SendAsync(
                index, FrameKind.RowGradients, new RowGradientHeader(shape.Generation, version, index, node.Level, node.Index), Bytes(part));
        }
    }

    /// <summary>Waits for a version's parameters and for the rows that were pulled of it.</summary>
    public Task ReadyAsync(int version) => ReceiveUntilAsync(
        () => _sliceVersions.All(have => have == version)
            && Nodes.All(node => _rows.TryGetValue((version, node.Level, node.Index), out var rows) && rows.IsComplete),
        $"slices or rows of version {version}");

    /// <summary>Waits for the rows of a version that may come ahead of it.</summary>
    public Task AheadAsync(int version) => ReceiveUntilAsync(
        () => Nodes.All(node => _rows[(version, node.Level, node.Index)].Ahead.Count == shape.Servers), $"rows ahead of version {version}");

    /// <summary>The present values of some rows, as for a prediction.</summary>
    public async Task<float[]> ReadAsync(int version, RowLists lists)
    {
        var request = _requests++;
        foreach (var send in Pull(version, PullHeader.Prediction, request, lists))
            await send();
        var rows = _rows[(version, PullHeader.Prediction, request)];
        await ReceiveUntilAsync(() => rows.IsComplete, $"rows of request {request}");
        return rows.Values;
    }

    /// <summary>What has come without being waited for.</summary>
    public IReadOnlyList<FrameKind> TakeInbox()
    {
        var kinds = new List<FrameKind>();
        while (Inbox.Reader.TryRead(out var frame))
        {
            kinds.Add(frame.Kind);
            Take(frame);
        }
        return kinds;
    }

    public static byte[] Bytes<T>(T[] numbers)
        where T : struct => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    private IEnumerable<Func<Task>> Pull(int version, int level, int index, RowLists lists)
    {
        var partition = RowPartition.Split(lists, shape.Servers);
        _rows.Add((version, level, index), new PulledRows(partition, new float[shape.Tables.ValuesLength(lists)]) { Missing = [.. Enumerable.Range(0, shape.Servers)] });
        for (var i = 0; i < shape.Servers; i++)
        {
            var (server, part) = (i, partition.Parts[i]);
            yield return () => links.SendAsync(
                server, FrameKind.Pull, new PullHeader(shape.Generation, version, server, level, index, [.. part.Lists.Select(list => list.Length)]),
                Bytes<int>([.. part.Lists.SelectMany(list => list)]));
        }
    }

    private async Task ReceiveUntilAsync(Func<bool> isThere, string what)
    {
        try
        {
            while (!isThere())
                Take(await Inbox.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{name} lacks {what}", e);
        }
        catch (ChannelClosedException e)
        {
            throw new IOException($"{name} lacks {what}: {e.InnerException?.Message}", e.InnerException);
        }
    }

    private void Take(Frame received)
    {
        using var frame = received;
        if (frame.Kind == FrameKind.Slice)
        {
            var header = frame.Header<SliceHeader>();
            var slice = shape.Slices[header.Slice];
            Assert.Equal(slice.Length, frame.Payload.Numbers.Length);
            frame.Payload.Numbers.CopyTo(Parameters_P.AsSpan(slice.Offset));
            _sliceVersions[header.Slice] = header.Version;
            return;
        }
        Assert.Equal(FrameKind.Rows, frame.Kind);
        var rowsHeader = frame.Header<RowsHeader>();
        var rows = _rows[(rowsHeader.Version, rowsHeader.Level, rowsHeader.Index)];
        var (server, all) = (rowsHeader.Server, rows.Partition.Parts[rowsHeader.Server]);
        if (rowsHeader.Part == RowsPart.All)
        {
            Assert.Equal(shape.Tables.ValuesLength(all), frame.Payload.Numbers.Length);
            rows.Partition.Scatter(shape.Tables, server, table => table.Dim, frame.Payload.Numbers, rows.Values);
            rows.Take(server);
            return;
        }
        var isAhead = rowsHeader.Part == RowsPart.Untouched;
        if (isAhead && !rows.Ahead.TryAdd(server, RowMask.Read(all, frame.Payload.GetSpan())))
            throw new FrameException($"rows of server {server} that were sent ahead already");
        if (!rows.Ahead.TryGetValue(server, out var ahead))
            throw new FrameException($"rows of server {server} that follow none");
        var (part, places) = ahead.Select(isAhead);
        var numbers = frame.Payload.Numbers[(isAhead ? RowMask.LengthOf(all) / sizeof(float) : 0)..];
        Assert.Equal(shape.Tables.ValuesLength(part), numbers.Length);
        rows.Partition.Scatter(shape.Tables, server, table => table.Dim, numbers, rows.Values, places);
        if (!isAhead)
            rows.Take(server);
        RowsAhead += isAhead ? part.Count : 0;
    }

    private sealed record PulledRows(RowPartition Partition, float[] Values)
    {
        /// <summary>Servers.</summary>
        public required HashSet<int> Missing { get; init; }

        public bool IsComplete => Missing.Count == 0;

        public Dictionary<int, RowMask> Ahead { get; } = [];

        public void Take(int server)
        {
            if (!Missing.Remove(server))
                throw new FrameException($"rows of server {server} that are here already");
        }
    }
}
