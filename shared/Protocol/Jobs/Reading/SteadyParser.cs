using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>
/// The library's parser, whose only exception is <see cref="YamlException"/>: for some damaged texts (a flow map that is
/// not closed before the next item of a list) its scanner gives up with an exception that has no place.
/// </summary>
internal sealed class SteadyParser : IParser
{
    private readonly Scanner _scanner;
    private readonly Parser _parser;

    public SteadyParser(string yaml)
    {
        _scanner = new Scanner(new StringReader(yaml));
        _parser = new Parser(_scanner);
    }

    public ParsingEvent? Current => _parser.Current;

    public bool MoveNext()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (InvalidOperationException exception)
        {
            throw new YamlException(_scanner.CurrentPosition, _scanner.CurrentPosition, "what follows cannot be read; is a '{', a '[' or a quote before it not closed?", exception);
        }
    }
}
