using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>Frames that make no sense are refused, and the run goes on to the bits it would have had without them.</summary>
public sealed class DamagedFrameTests
{
    /// <summary>Subtrees 1/0 and 0/2, and 0/3 and 2/1.</summary>
    private static readonly int[][] s_workers = [[0, 1, 2], [3, 4]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Gradients_of_no_slice_or_subtree_or_of_another_length_are_refused(int servers) => AssertRefusedAsync(servers, (set, version, _) =>
    {
        var header = new GradientHeader(set.Shape.Generation, version, 0, 0, 2);
        var slice = new byte[set.Shape.Slices.GradientLength(set.Shape.Gradient, 0) * sizeof(float)];
        return
        [
            () => set.SendAsync(FrameKind.Gradient, header with { Slice = -1 }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Slice = set.Shape.Slices.Count }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Slice = int.MaxValue }, slice),
            () => set.SendAsync(FrameKind.Gradient, header, slice[4..]),
            () => set.SendAsync(FrameKind.Gradient, header, [.. slice, 0]),
            () => set.SendAsync(FrameKind.Gradient, header, []),
            () => set.SendAsync(FrameKind.Gradient, header with { Level = -1 }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Level = 4, Index = 0 }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Level = 40 }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Index = -1 }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Index = ServerCase.Shards }, slice),
            () => set.SendAsync(FrameKind.Gradient, header with { Index = int.MaxValue }, slice),
            () => set.SendAsync(FrameKind.Gradient, new HelloHeader(1, "job", "worker"), slice),
        ];
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task A_subtree_that_has_sent_its_gradients_cannot_send_them_again(int servers) => AssertRefusedAsync(servers, (_, _, sent) =>
    {
        Assert.NotEmpty(sent);
        return sent;
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Gradients_of_rows_are_refused_unless_they_are_of_what_was_pulled(int servers) => AssertRefusedAsync(servers, (set, version, _) =>
    {
        var header = new RowGradientHeader(set.Shape.Generation, version, 0, 0, 2);
        return
        [
            () => set.SendAsync(FrameKind.RowGradients, header with { Server = servers }, []),
            () => set.SendAsync(FrameKind.RowGradients, header with { Server = -1 }, []),
            () => set.SendAsync(FrameKind.RowGradients, header, []),
            () => set.SendAsync(FrameKind.RowGradients, header, new byte[4]),
            () => set.SendAsync(FrameKind.RowGradients, header, new byte[4001]),
            () => set.SendAsync(FrameKind.RowGradients, header with { Level = 1, Index = 1 }, []),
            () => set.SendAsync(FrameKind.RowGradients, header with { Level = -1 }, []),
        ];
    });

    [Fact]
    public Task Pulls_of_rows_that_are_nowhere_or_elsewhere_are_refused() => AssertRefusedAsync(2, (set, version, _) =>
    {
        // Before its turn and for a prediction: nothing but the rows could be wrong.
        return new[] { PullHeader.Prediction, 0 }.SelectMany<int, Func<Task>>(level =>
        {
            var header = new PullHeader(set.Shape.Generation, version + 2, 0, level, 0, [2, 1]);
            return
            [
                () => Pull(header, 3, 2, 5),
                () => Pull(header, 3, 3, 5),
                () => Pull(header, -1, 3, 5),
                () => Pull(header, 3, 400, 5),
                () => Pull(header, 2, 3, 150),
                () => Pull(header, 2, 3, int.MaxValue),
                () => Pull(header, 2, 3, 40),
                () => Pull(header with { Server = 1 }, 40, 41, 5),
                () => Pull(header with { Server = 2 }, 2, 3, 5),
                () => Pull(header with { Server = -1 }, 2, 3, 5),
                () => Pull(header, 2, 3),
                () => Pull(header, 2, 3, 5, 6),
                () => Pull(header with { Counts = [2] }, 2, 3),
                () => Pull(header with { Counts = null! }, 2, 3, 5),
                () => Pull(header with { Counts = [1, 1, 1] }, 2, 3, 5),
                () => Pull(header with { Counts = [4, -1] }, 2, 3, 4),
                () => Pull(header with { Counts = [int.MaxValue, int.MaxValue] }, 2, 3, 5),
            ];
        });

        Task Pull(PullHeader header, params int[] rows) => set.SendAsync(FrameKind.Pull, header, SomeWorker.Bytes(rows));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task A_subtree_pulls_once_and_none_that_overlaps_it_does(int servers) => AssertRefusedAsync(servers, (set, version, _) =>
    {
        var header = new PullHeader(set.Shape.Generation, version, 0, 0, 2, [0, 0]);
        return
        [
            () => set.SendAsync(FrameKind.Pull, header, []),
            () => set.SendAsync(FrameKind.Pull, header with { Level = 1, Index = 1 }, []),
            // Refused for good: its gradients are not taken either.
            () => set.SendAsync(FrameKind.RowGradients, new RowGradientHeader(set.Shape.Generation, version, 0, 1, 1), []),
            () => set.SendAsync(FrameKind.Pull, header with { Level = 9, Index = 0 }, []),
            () => set.SendAsync(FrameKind.Pull, header with { Index = 5 }, []),
            () => set.SendAsync(FrameKind.Pull, header with { Level = -2, Index = 0 }, []),
        ];
    });

    [Fact]
    public Task Other_kinds_of_frames_are_not_for_a_server() => AssertRefusedAsync(1, (set, version, _) =>
    [
        () => set.SendAsync(FrameKind.Work, new WorkHeader(set.Shape.Generation, version, WorkKind.Train, null), []),
        () => set.SendAsync(FrameKind.Slice, new SliceHeader(set.Shape.Generation, version, 0), []),
        () => SendAsync(set.Servers[0], FrameKind.Rows, new RowsHeader(set.Shape.Generation, version, 0, 0, 0), []),
    ]);

    [Fact]
    public Task A_server_refuses_what_is_another_ones() => AssertRefusedAsync(2, (set, version, _) =>
    {
        var slice = new byte[set.Shape.Slices.GradientLength(set.Shape.Gradient, 0) * sizeof(float)];
        return [() => SendAsync(set.Servers[1], FrameKind.Gradient, new GradientHeader(set.Shape.Generation, version, 0, 0, 2), slice)];
    });

    private static async Task SendAsync<T>(ParameterServer server, FrameKind kind, T header, byte[] payload)
    {
        using var frame = ServerSet.FrameOf(kind, header, payload);
        await server.OnFrameAsync("worker-0", frame, TestContext.Current.CancellationToken);
    }

    private static async Task AssertRefusedAsync(int servers, Func<ServerSet, int, IReadOnlyList<Func<Task>>, IEnumerable<Func<Task>>> sends)
    {
        var @case = new ServerCase(perTask: true);
        var expected = await new ServerSet(@case, servers, s_workers).RunAsync(order: 5);
        var set = new ServerSet(@case, servers, s_workers);
        Outcome.AssertSameBits(expected, await set.RunAsync(order: 5, async (version, sent) =>
        {
            foreach (var send in sends(set, version, sent))
                await Assert.ThrowsAsync<FrameException>(send);
        }));
        Assert.All(set.Servers, server => Assert.Equal(0, server.LateFrames));
    }
}
