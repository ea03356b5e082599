using System.Diagnostics;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Protocol.Tests.Tracing;

public sealed class TraceRecorderTests : IDisposable
{
    // Of its own: the program's sources may be listened to by other tests.
    private readonly ActivitySource _source = new("test");

    [Fact]
    public void Nothing_is_begun_where_nobody_listens() => Assert.Null(_source.Begin("backward", "torch", 3, 1));

    [Fact]
    public void A_span_is_recorded_with_its_lane_step_shard_and_server()
    {
        using var recorder = new TraceRecorder(10, _source);
        var before = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        using (_source.Begin("backward", "torch", version: 3, shard: 1, server: 2))
            Assert.Empty(recorder.Take().Events);

        var (events, dropped) = recorder.Take();
        var ended = Assert.Single(events);
        Assert.Equal(("backward", "torch", 4, 1, 2), (ended.Name, ended.Lane, ended.Step, ended.Shard, ended.Server));
        Assert.True(ended.Start >= before && ended.Duration >= 0);
        Assert.Equal(0, dropped);
        Assert.Empty(recorder.Take().Events);
    }

    [Fact]
    public void Of_more_than_there_is_room_for_the_last_are_kept_and_the_others_counted()
    {
        using var recorder = new TraceRecorder(3, _source);
        for (var version = 0; version < 8; version++)
            _source.Begin("backward", "torch", version)?.Dispose();

        var (events, dropped) = recorder.Take();
        Assert.Equal([6, 7, 8], events.Select(ended => ended.Step));
        Assert.Equal(5, dropped);
    }

    [Fact]
    public void Another_source_is_not_listened_to()
    {
        using var other = new ActivitySource("other");
        using var recorder = new TraceRecorder(3, other);
        Assert.Null(_source.Begin("backward", "torch"));
    }

    [Fact]
    public void Events_come_over_the_wire_as_they_were()
    {
        TraceEvent[] events = [new("a \"name\"\n", "läne", 1_800_000_000_000_000, 12, 3, null, 1), new("b", "torch", 5, 0, null, 2, null)];
        Assert.Equal(events, TraceEvent.Read(TraceEvent.Write(events)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[{}]")]
    [InlineData("[1]")]
    public void What_is_no_list_of_events_is_refused(string payload) =>
        Assert.Throws<InvalidDataException>(() => TraceEvent.Read(System.Text.Encoding.UTF8.GetBytes(payload)));

    public void Dispose() => _source.Dispose();
}
