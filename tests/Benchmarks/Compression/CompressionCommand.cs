using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks.Compression;

/// <summary><c>compression</c>: how fast each kind of compression makes gradients small and large again, and how small.</summary>
internal static class CompressionCommand
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "A list of {what, value, bar, met} on standard output instead of a table." };
        var command = new Command("compression", "Gigabytes of gradients a second that each kind of compression encodes and decodes, beside a copy in memory.") { json };
        command.SetAction(parse =>
        {
            var copy = CodecSpeed.MeasureCopy();
            CodecSpeed[] speeds = [.. CodecSpeed.Contestants.Select(contestant => CodecSpeed.Measure(contestant.Name, contestant.Settings))];
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(speeds.SelectMany(speed => Lines(speed, copy)), Options));
            else
                Write(speeds, copy);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static IEnumerable<Line> Lines(CodecSpeed speed, double copy) =>
    [
        new($"{speed.Name}: encoding / memory copy", Math.Round(speed.Encoding / copy, 3), null, null),
        new($"{speed.Name}: decoding / memory copy", Math.Round(speed.Decoding / copy, 3), null, null),
        new($"{speed.Name}: bytes of floats / bytes sent", Math.Round(speed.Ratio, 2), speed.Bar, speed.Bar is null ? null : speed.Ratio >= speed.Bar),
    ];

    private static void Write(CodecSpeed[] speeds, double copy)
    {
        Console.WriteLine($"{"",-22} {"encoding",9} {"decoding",9} {"floats / sent",14}   GB of floats a second");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"memory copy",-22} {copy,9:F2} {copy,9:F2} {1,14:F2}"));
        foreach (var speed in speeds)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{speed.Name,-22} {speed.Encoding,9:F2} {speed.Decoding,9:F2} {speed.Ratio,14:F2}"));
    }

    /// <param name="Bar">What the value must reach; null where there is no bar.</param>
    /// <param name="Met">Null where there is no bar.</param>
    private sealed record Line(string What, double Value, double? Bar, bool? Met);
}
