using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Faults;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// A worker's side of the parameter servers: asks for the rows of its next step while the present one computes, collects
/// slices and rows as they come, and sends its gradients.
/// </summary>
internal sealed class ServerClient : IAsyncDisposable
{
    private const int NoVersion = int.MinValue;

    private readonly ServerShape _shape;
    private readonly IReadOnlyList<TensorConnection> _servers;
    private readonly IReadOnlyList<TensorConnection> _own;
    private readonly TimeSpan _deadline;
    private readonly Memory<byte> _bytes_P;
    private readonly int[] _sliceVersions;
    private readonly Dictionary<TreeNode, PendingRows> _rows = [];
    private readonly ConcurrentDictionary<int, PendingPull> _pulls = [];
    private int _requests;

    /// <param name="servers">The connection of each server; several may share one.</param>
    /// <param name="own">Those that are closed with this.</param>
    private ServerClient(ServerShape shape, int parameterCount, TimeSpan deadline, IReadOnlyList<TensorConnection> servers, IReadOnlyList<TensorConnection> own)
    {
        (_shape, _deadline, _servers, _own) = (shape, deadline, servers, own);
        _sliceVersions = [.. Enumerable.Repeat(NoVersion, shape.Slices.Count)];
        Parameters_P = GC.AllocateArray<float>(parameterCount, pinned: true);
        _bytes_P = TensorBuffer.Borrow(Parameters_P, parameterCount).Bytes;
        foreach (var connection in servers.Distinct())
            connection.Placement = Place;
    }

    /// <summary>Connects to the servers that a plan names, each once.</summary>
    /// <param name="coordinator">The connection that serves where the plan names none.</param>
    public static async Task<ServerClient> ConnectAsync(
        JobPlan plan, ServerShape shape, int parameterCount, string job, string worker, TransportSettings settings, TensorConnection coordinator, CancellationToken cancellation)
    {
        var deadline = TimeSpan.FromSeconds(plan.Job.Training.StepTimeoutSeconds);
        if (plan.Header.Servers.Length == 0)
            return new ServerClient(shape, parameterCount, deadline, [.. Enumerable.Repeat(coordinator, shape.Servers)], []);
        if (plan.Header.Servers.Length != shape.Servers)
            throw new FrameException($"a plan of {shape.Servers} parameter servers names {plan.Header.Servers.Length}");
        var connections = new List<TensorConnection>();
        try
        {
            foreach (var address in plan.Header.Servers)
            {
                var colon = address.LastIndexOf(':');
                var connection = await TensorConnection.ConnectAsync(
                    address[..colon], int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture), settings, cancellation);
                connections.Add(connection);
                await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, job, worker), default, cancellation);
            }
            return new ServerClient(shape, parameterCount, deadline, connections, connections);
        }
        catch
        {
            foreach (var connection in connections)
                await connection.DisposeAsync();
            throw;
        }
    }

    private ParameterSlices Slices => _shape.Slices;

    private TableShape Tables => _shape.Tables;

    /// <summary>P numbers of the version that <see cref="HasParameters"/> says.</summary>
    public float[] Parameters_P { get; }

    public bool HasParameters(int version)
    {
        foreach (ref var have in _sliceVersions.AsSpan())
        {
            if (Volatile.Read(ref have) != version)
                return false;
        }
        return true;
    }

    /// <summary>Whether all rows that a step touches are here.</summary>
    public bool HasRows(StepBatch batch)
    {
        if (Tables.Tables.IsEmpty)
            return true;
        lock (_rows)
            return batch.Nodes.All(node => _rows.TryGetValue(node.Node, out var rows) && rows.Version == batch.Version && rows.IsComplete);
    }

    /// <summary>The rows of a subtree, when they are here; pooled, and the caller's from now on.</summary>
    public (float[] Values, int Length) TakeRows(TreeNode node)
    {
        if (Tables.Tables.IsEmpty)
            return ([], 0);
        lock (_rows)
            return _rows.Remove(node, out var rows) ? (rows.Values, rows.Length) : throw new InvalidOperationException($"the rows of {node} are not here");
    }

    /// <summary>
    /// Receives from the servers that have a connection of their own, until one of them ends; never ends where none has.
    /// </summary>
    /// <param name="arrived">Called after each frame.</param>
    public async Task ReceiveAsync(Action arrived, CancellationToken cancellation)
    {
        if (_own.Count == 0)
            await Task.Delay(Timeout.Infinite, cancellation);
        await await Task.WhenAny(_own.Select((connection, server) => OnLinkAsync(server, () => ReceiveFromAsync(connection))));

        async Task ReceiveFromAsync(TensorConnection connection)
        {
            while (await connection.ReceiveAsync(cancellation) is { } received)
            {
                using var frame = received;
                if (frame.Kind == FrameKind.Slice)
                    OnSlice(frame);
                else if (frame.Kind == FrameKind.Rows)
                    OnRows(frame);
                else
                    throw new FrameException($"a parameter server sent a {frame.Kind} frame");
                arrived();
            }
            throw new IOException("it closed its connection");
        }
    }

    /// <summary>Asks for all rows of a step.</summary>
    public async Task RequestAsync(StepBatch batch, CancellationToken cancellation)
    {
        if (Tables.Tables.IsEmpty)
            return;
        foreach (var node in batch.Nodes)
        {
            var partition = RowPartition.Split(node.Touched, _servers.Count);
            lock (_rows)
                _rows[node.Node] = new PendingRows(batch.Version, partition, ArrayPool<float>.Shared.Rent(Tables.ValuesLength(node.Touched)), Tables.ValuesLength(node.Touched));
            for (var server = 0; server < _servers.Count; server++)
                await SendPullAsync(server, batch.Version, node.Node.Level, node.Node.Index, partition.Parts[server], cancellation);
        }
    }

    /// <summary>The present values of some rows, for a prediction.</summary>
    public async Task<ReadOnlyMemory<float>> PullAsync(int version, RowLists rows, CancellationToken cancellation)
    {
        var request = Interlocked.Increment(ref _requests);
        var partition = RowPartition.Split(rows, _servers.Count);
        var pull = new PendingPull(new PendingRows(version, partition, new float[Tables.ValuesLength(rows)], Tables.ValuesLength(rows)));
        _pulls[request] = pull;
        for (var server = 0; server < _servers.Count; server++)
            await SendPullAsync(server, version, PullHeader.Prediction, request, partition.Parts[server], cancellation);
        var values = await pull.Done.Task.WaitAsync(_deadline, cancellation);
        _pulls.TryRemove(request, out _);
        return values.Values.AsMemory(0, values.Length);
    }

    /// <summary>
    /// Slices are received where they belong. Nobody reads there meanwhile: a new version comes when all gradients of the one before
    /// have gone. A slice that is half here is of no version.
    /// </summary>
    private Memory<byte>? Place(FrameKind kind, ReadOnlyMemory<byte> bytes, long payloadBytes)
    {
        if (kind != FrameKind.Slice)
            return null;
        var header = FrameFormat.Deserialize<SliceHeader>(bytes);
        if (header.Generation != _shape.Generation || header.Slice < 0 || header.Slice >= Slices.Count)
            return null;
        var slice = Slices[header.Slice];
        if (payloadBytes != slice.Length * sizeof(float))
            return null;
        Volatile.Write(ref _sliceVersions[header.Slice], NoVersion);
        return _bytes_P.Slice(slice.Offset * sizeof(float), (int)payloadBytes);
    }

    /// <summary>A slice is here as a whole.</summary>
    /// <exception cref="FrameException">There is no such slice.</exception>
    public void OnSlice(Frame frame)
    {
        var header = frame.Header<SliceHeader>();
        if (header.Generation != _shape.Generation)
            return;
        if (header.Slice < 0 || header.Slice >= Slices.Count)
            throw new FrameException($"there is no slice {header.Slice}");
        var slice = Slices[header.Slice];
        if (frame.Payload.ByteCount != slice.Length * sizeof(float))
            throw new FrameException($"slice {header.Slice} came with {frame.Payload.ByteCount} bytes where it has {slice.Length * sizeof(float)}");
        using var span = TraceSource.Worker.Begin("receive slice", "receive slices", header.Version);
        Volatile.Write(ref _sliceVersions[header.Slice], header.Version);
    }

    public void OnRows(Frame frame)
    {
        var header = frame.Header<RowsHeader>();
        if (header.Generation != _shape.Generation)
            return;
        if (header.Level == PullHeader.Prediction)
        {
            if (_pulls.TryGetValue(header.Index, out var pull) && pull.Rows.Add(Tables, header, frame))
                pull.Done.TrySetResult(pull.Rows);
            return;
        }
        using var span = TraceSource.Worker.Begin("receive rows", "receive rows", header.Version);
        lock (_rows)
        {
            if (_rows.TryGetValue(new TreeNode(header.Level, header.Index), out var rows) && rows.Version == header.Version)
                rows.Add(Tables, header, frame);
        }
    }

    /// <summary>Sends the gradients of one subtree to the servers that own their parameters; not those of rows that are held.</summary>
    /// <param name="compressor">Of the subtree's one shard; null: gradients travel as they are.</param>
    /// <param name="isFollowed">Whether the subtree's sums go to the coordinator at once afterwards.</param>
    public async Task SendAsync(
        WorkHeader work, NodeBatch batch, PartialSum sum, ShardCompressor? compressor, bool isFollowed, CancellationToken cancellation)
    {
        using var span = TraceSource.Worker.Begin("send", "send", work.Version, batch.Node.Level == 0 ? batch.Node.Index : null);
        if (work.Labels_T is { } labels_T)
        {
            GradientCombiner.DivideByLabels(_shape.Gradient, sum.GradientSpan[.._shape.Gradient.Length], labels_T);
            if (!_shape.HoldsRows)
                Tables.DivideByLabels(batch.Touched, sum.GradientSpan[_shape.Gradient.Length..], GradientCombiner.MeanScales(labels_T));
        }
        for (var i = 0; i < Slices.Count; i++)
        {
            var header = new GradientHeader(_shape.Generation, work.Version, i, batch.Node.Level, batch.Node.Index);
            using var gradient = compressor is null ? Gather(sum.Gradients, Slices.Segments(_shape.Gradient, i)) : TensorBuffer.Rent(compressor.MaxLength(i));
            var bytes = compressor is null
                ? gradient.Bytes
                : gradient.Bytes[..compressor.Compress(i, sum.GradientSpan[.._shape.Gradient.Length], work.Version, gradient.GetSpan())];
            await SendAsync(Slices.ServerOf(i, _servers.Count), FrameKind.Gradient, header, bytes, isFollowed, cancellation);
            FaultPlan.Own.At(FaultPhase.Sending, work.Version + 1);
        }
        if (!Tables.Tables.IsEmpty && !_shape.HoldsRows)
            await SendRowsAsync(work.Version, batch, sum.Gradients.AsMemory(_shape.Gradient.Length..sum.Length), isFollowed, cancellation);
    }

    /// <summary>Sends the gradients of the rows of one subtree to the servers that own the rows.</summary>
    /// <param name="gradients">As they travel: <see cref="ServerShape.Tables"/>.</param>
    /// <param name="isFollowed">As in <see cref="SendAsync(WorkHeader, NodeBatch, PartialSum, ShardCompressor?, bool, CancellationToken)"/>.</param>
    public async Task SendRowsAsync(int version, NodeBatch batch, ReadOnlyMemory<float> gradients, bool isFollowed, CancellationToken cancellation)
    {
        var partition = RowPartition.Split(batch.Touched, _servers.Count);
        for (var server = 0; server < _servers.Count; server++)
        {
            var header = new RowGradientHeader(_shape.Generation, version, server, batch.Node.Level, batch.Node.Index);
            using var part = RowGradients(partition, server, gradients.Span);
            await SendAsync(server, FrameKind.RowGradients, header, part.Bytes, isFollowed, cancellation);
        }
    }

    private TensorBuffer RowGradients(RowPartition partition, int server, ReadOnlySpan<float> ofRows)
    {
        var length = Tables.GradientsLength(partition.Parts[server]);
        var part = TensorBuffer.Rent((long)length * sizeof(float));
        partition.Gather(Tables, server, table => Tables.Copies(table) * table.Dim, ofRows, part.Numbers);
        if (_shape.Compression is not { } plan || !RowGradientCompression.Applies(plan.Settings))
            return part;
        using (part)
        {
            var compressed = TensorBuffer.Rent(RowGradientCompression.Length(plan.Settings, length));
            RowGradientCompression.Encode(plan.Settings, part.Numbers, compressed.GetSpan());
            return compressed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _own)
            await connection.DisposeAsync();
    }

    /// <param name="isFollowed">By a frame to the coordinator: where servers have connections of their own, by none on theirs.</param>
    private Task SendAsync<T>(int server, FrameKind kind, T header, ReadOnlyMemory<byte> payload, bool isFollowed, CancellationToken cancellation) => _own.Count == 0
        ? _servers[server].SendAsync(kind, header, payload, isFollowed, cancellation)
        : OnLinkAsync(server, () => _servers[server].SendAsync(kind, header, payload, cancellation));

    /// <summary>
    /// Does something on a server's own connection, whose loss is none of this worker: the coordinator is told, and knows what to do.
    /// </summary>
    /// <exception cref="JobException">The connection is lost.</exception>
    private static async Task OnLinkAsync(int server, Func<Task> what)
    {
        try
        {
            await what();
        }
        catch (Exception e) when (e is IOException and not FrameException or TimeoutException or ObjectDisposedException)
        {
            throw new JobException($"parameter server {server} is lost: {e.Message}", ExitCode.ClusterLost, e);
        }
    }

    private async Task SendPullAsync(int server, int version, int level, int index, RowLists rows, CancellationToken cancellation)
    {
        var header = new PullHeader(_shape.Generation, version, server, level, index, [.. rows.Lists.Select(list => list.Length)]);
        var numbers = new byte[rows.Count * sizeof(int)];
        var offset = 0;
        foreach (var list in rows.Lists)
        {
            MemoryMarshal.AsBytes(list.AsSpan()).CopyTo(numbers.AsSpan(offset));
            offset += list.Length * sizeof(int);
        }
        await SendAsync(server, FrameKind.Pull, header, numbers, isFollowed: false, cancellation);
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
}
